import { GrammarError } from "../errors.ts";
import {
  type CharacterRange,
  type CharacterSet,
  characterSet,
  charactersOf,
  invertCharacters,
} from "./characters.ts";
import { unicodeProperty } from "./unicode-property.ts";

/** A parsed pattern. Anchors are nodes of their own; what they mean is decided by who turns it into a grammar. */
export type RegexNode =
  | { readonly kind: "characters"; readonly set: CharacterSet }
  | { readonly kind: "start" | "end" }
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly options: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly item: RegexNode; readonly min: number; readonly max: number };

const digits: CharacterSet = characterSet([[0x30, 0x39]]);
const wordCharacters: CharacterSet = characterSet([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]);
const spaces: CharacterSet = characterSet([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
const lineEnds: CharacterSet = characterSet([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]);
const controlEscapes: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

/** Guards the stack against a pattern of brackets alone. */
const maxDepth = 100;

/**
 * Parses a regular expression as ECMAScript reads it with the `u` flag.
 * @throws GrammarError `PATTERN_INVALID`, or `PATTERN_UNSUPPORTED` for what no context-free grammar expresses here:
 * look-around, back references, word boundaries
 */
export function parseRegex(pattern: string): RegexNode {
  return new RegexParser(pattern).parse();
}

class RegexParser {
  readonly #characters: readonly string[];
  readonly #pattern: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
  }

  parse(): RegexNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) this.#invalid(`unmatched ${this.#peek()}`);
    return node;
  }

  #choice(): RegexNode {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.#error("GRAMMAR_LIMIT", `brackets lie more than ${maxDepth} deep`);
    const options = [this.#sequence()];
    while (this.#take("|")) options.push(this.#sequence());
    this.#depth -= 1;
    const [first] = options;
    return options.length === 1 && first !== undefined ? first : { kind: "choice", options };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek()) {
      items.push(this.#quantified());
    }
    return { kind: "sequence", items };
  }

  #quantified(): RegexNode {
    const item = this.#atom();
    const bounds = this.#quantifier();
    if (bounds === undefined) return item;
    if (item.kind === "start" || item.kind === "end") this.#invalid("an anchor cannot be repeated");
    // Lazy or greedy: the set of matching texts is the same.
    this.#take("?");
    return { kind: "repeat", item, min: bounds[0], max: bounds[1] };
  }

  #quantifier(): readonly [number, number] | undefined {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    if (this.#peek() !== "{") return undefined;
    const rest = this.#characters.slice(this.#at, this.#at + 24).join("");
    const match = /^\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/.exec(rest);
    if (match === null) this.#invalid("a brace must be escaped, or hold a count");
    const [whole, min, comma, max] = match;
    this.#at += whole.length;
    const low = Number(min);
    const high = max === undefined ? (comma === undefined ? low : Number.POSITIVE_INFINITY) : Number(max);
    if (high < low) this.#invalid("a count is out of order");
    return [low, high];
  }

  #atom(): RegexNode {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return { kind: "characters", set: this.#class() };
      case ".":
        return { kind: "characters", set: invertCharacters(lineEnds) };
      case "^":
        return { kind: "start" };
      case "$":
        return { kind: "end" };
      case "\\":
        return { kind: "characters", set: this.#escape(false) };
      case "*":
      case "+":
      case "?":
      case "{":
      case "}":
      case "]":
        return this.#invalid(`nothing before ${character}`);
      default:
        return { kind: "characters", set: charactersOf(character) };
    }
  }

  #group(): RegexNode {
    if (this.#take("?")) {
      const kind = this.#next();
      const isName = kind === "<" && this.#peek() !== "=" && this.#peek() !== "!";
      if (isName) {
        while (this.#next() !== ">");
      } else if (kind !== ":") {
        throw this.#error("PATTERN_UNSUPPORTED", "it looks ahead or behind, which a grammar cannot");
      }
    }
    const node = this.#choice();
    if (!this.#take(")")) this.#invalid("an unclosed bracket");
    return node;
  }

  #class(): CharacterSet {
    const isInverted = this.#take("^");
    const ranges: CharacterRange[] = [];
    while (!this.#take("]")) {
      const low = this.#classMember();
      const isRange = this.#peek() === "-" && this.#characters[this.#at + 1] !== "]";
      if (!isRange) {
        ranges.push(...low);
        continue;
      }
      this.#at += 1;
      const high = this.#classMember();
      const [first] = low;
      const [last] = high;
      if (
        first === undefined ||
        last === undefined ||
        !isSingle(low) ||
        !isSingle(high) ||
        first[0] > last[0]
      ) {
        this.#invalid("a range in a class is out of order");
      }
      ranges.push([first[0], last[0]]);
    }
    const set = characterSet(ranges);
    return isInverted ? invertCharacters(set) : set;
  }

  #classMember(): CharacterSet {
    const character = this.#next();
    return character === "\\" ? this.#escape(true) : charactersOf(character);
  }

  #escape(inClass: boolean): CharacterSet {
    const character = this.#next();
    switch (character) {
      case "d":
        return digits;
      case "D":
        return invertCharacters(digits);
      case "w":
        return wordCharacters;
      case "W":
        return invertCharacters(wordCharacters);
      case "s":
        return spaces;
      case "S":
        return invertCharacters(spaces);
      case "p":
      case "P":
        return this.#property(character === "P");
      case "x":
        return single(this.#hex(2));
      case "u":
        return single(this.#codePoint());
      case "c":
        return single((this.#next().codePointAt(0) ?? 0) % 32);
      case "b":
        if (inClass) return single(8);
        break;
      default:
    }
    const control = controlEscapes[character];
    if (control !== undefined && !(character === "0" && /\d/.test(this.#peek() ?? "")))
      return single(control);
    if (/^[bBk1-9]$/.test(character)) {
      throw this.#error(
        "PATTERN_UNSUPPORTED",
        `\\${character} looks at text around or before it, which a grammar cannot`,
      );
    }
    // Any sign may be escaped, as users do with quotes and slashes; letters and digits have meanings.
    if (/^[A-Za-z0-9]$/.test(character)) this.#invalid(`there is no escape \\${character}`);
    return charactersOf(character);
  }

  #property(isInverted: boolean): CharacterSet {
    if (!this.#take("{")) this.#invalid("\\p needs a name in braces");
    let name = "";
    for (let next = this.#next(); next !== "}"; next = this.#next()) name += next;
    const set = unicodeProperty(name) ?? this.#invalid(`there is no Unicode property ${name}`);
    return isInverted ? invertCharacters(set) : set;
  }

  #codePoint(): number {
    if (!this.#take("{")) {
      const high = this.#hex(4);
      const isPair =
        high >= 0xd800 && high < 0xdc00 && this.#peek() === "\\" && this.#characters[this.#at + 1] === "u";
      if (!isPair) return high;
      this.#at += 2;
      return 0x1_0000 + ((high - 0xd800) << 10) + (this.#hex(4) - 0xdc00);
    }
    let code = "";
    for (let next = this.#next(); next !== "}"; next = this.#next()) code += next;
    const value = Number.parseInt(code, 16);
    if (!/^[0-9a-f]{1,6}$/i.test(code) || value > 0x10ffff)
      this.#invalid(`there is no character \\u{${code}}`);
    return value;
  }

  #hex(length: number): number {
    const code = Array.from({ length }, () => this.#next()).join("");
    if (!/^[0-9a-f]+$/i.test(code)) this.#invalid(`${code} is not a hexadecimal number`);
    return Number.parseInt(code, 16);
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at];
    this.#at += 1;
    return character ?? this.#invalid("it ends too early");
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #invalid(reason: string): never {
    throw this.#error("PATTERN_INVALID", reason);
  }

  #error(code: "PATTERN_INVALID" | "PATTERN_UNSUPPORTED" | "GRAMMAR_LIMIT", reason: string): GrammarError {
    return new GrammarError(code, `The pattern ${JSON.stringify(this.#pattern)} cannot be used: ${reason}`, {
      details: { pattern: this.#pattern, at: this.#at },
    });
  }
}

function single(code: number): CharacterSet {
  return characterSet([[code, code]]);
}

function isSingle(set: CharacterSet): boolean {
  return set.length === 1 && set[0]?.[0] === set[0]?.[1];
}
