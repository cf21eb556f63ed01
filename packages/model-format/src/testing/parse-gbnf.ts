import { GrammarError } from "../errors.ts";
import { type CharacterRange, characterSet, invertCharacters } from "../grammar/characters.ts";
import {
  characters,
  choice,
  type Expression,
  empty,
  type Rules,
  repeat,
  rule,
  sequence,
  text,
} from "../grammar/expression.ts";

/**
 * Reads GBNF text into rules, for tests that match or make sentences without an engine.
 * @throws GrammarError `GRAMMAR_INVALID` with the place, also for a rule that is used and not defined
 */
export function parseGbnf(source: string): Rules {
  return new GbnfParser(source).parse();
}

class GbnfParser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Rules {
    const rules = new Map<string, Expression>();
    const used = new Set<string>(["root"]);
    for (this.#skip(true); this.#at < this.#source.length; this.#skip(true)) {
      const name = this.#name() ?? this.#fail("a rule's name was expected");
      this.#skip(false);
      if (!this.#source.startsWith("::=", this.#at)) this.#fail("::= was expected");
      this.#at += 3;
      this.#skip(true);
      if (rules.has(name)) this.#fail(`the rule ${name} is defined twice`);
      rules.set(name, this.#choice(used, false));
    }
    for (const name of used) if (!rules.has(name)) this.#fail(`the rule ${name} is not defined`);
    return rules;
  }

  #choice(used: Set<string>, isNested: boolean): Expression {
    const options = [this.#sequence(used, isNested)];
    while (this.#source[this.#at] === "|") {
      this.#at += 1;
      this.#skip(true);
      options.push(this.#sequence(used, isNested));
    }
    return choice(...options);
  }

  #sequence(used: Set<string>, isNested: boolean): Expression {
    const items: Expression[] = [];
    for (;;) {
      const item = this.#item(used);
      if (item === undefined) return sequence(...items);
      items.push(this.#repeated(item));
      this.#skip(isNested);
    }
  }

  #item(used: Set<string>): Expression | undefined {
    const sign = this.#source[this.#at];
    if (sign === '"') return this.#text();
    if (sign === "[") return this.#class();
    if (sign === ".") {
      this.#at += 1;
      return characters(invertCharacters([]));
    }
    if (sign === "(") {
      this.#at += 1;
      this.#skip(true);
      const inner = this.#choice(used, true);
      if (this.#source[this.#at] !== ")") this.#fail("an unclosed bracket");
      this.#at += 1;
      return inner;
    }
    const name = this.#name();
    if (name === undefined) return undefined;
    used.add(name);
    return rule(name);
  }

  #repeated(item: Expression): Expression {
    const sign = this.#source[this.#at] ?? "";
    const bounds = /^\{(\d+)(,)?(\d+)?\}/.exec(this.#source.slice(this.#at, this.#at + 24));
    if (bounds !== null) {
      const [whole, min, isOpen, max] = bounds;
      this.#at += whole.length;
      const low = Number(min);
      const high = max === undefined ? (isOpen === undefined ? low : Number.POSITIVE_INFINITY) : Number(max);
      // The engine's own bounds.
      if (low > 2000 || (high > 2000 && Number.isFinite(high))) this.#fail("a repetition past 2,000");
      return repeat(item, low, high);
    }
    const simple = { "*": [0, Number.POSITIVE_INFINITY], "+": [1, Number.POSITIVE_INFINITY], "?": [0, 1] }[
      sign
    ];
    if (simple === undefined) return item;
    this.#at += 1;
    return repeat(item, simple[0] ?? 0, simple[1] ?? 0);
  }

  #text(): Expression {
    this.#at += 1;
    let value = "";
    while (this.#source[this.#at] !== '"') value += String.fromCodePoint(this.#character());
    this.#at += 1;
    return value === "" ? empty : text(value);
  }

  #class(): Expression {
    this.#at += 1;
    const isInverted = this.#source[this.#at] === "^";
    if (isInverted) this.#at += 1;
    const ranges: CharacterRange[] = [];
    while (this.#source[this.#at] !== "]") {
      const first = this.#character();
      const isRange = this.#source[this.#at] === "-" && this.#source[this.#at + 1] !== "]";
      if (isRange) this.#at += 1;
      ranges.push([first, isRange ? this.#character() : first]);
    }
    this.#at += 1;
    const set = characterSet(ranges);
    return characters(isInverted ? invertCharacters(set) : set);
  }

  #character(): number {
    const code = this.#source.codePointAt(this.#at) ?? this.#fail("it ends too early");
    if (code !== 0x5c) {
      this.#at += code > 0xffff ? 2 : 1;
      return code;
    }
    const sign = this.#source[this.#at + 1] ?? "";
    const digits = { x: 2, u: 4, U: 8 }[sign];
    if (digits !== undefined) {
      const hex = this.#source.slice(this.#at + 2, this.#at + 2 + digits);
      if (!/^[0-9a-fA-F]+$/.test(hex)) this.#fail("a hexadecimal number was expected");
      this.#at += 2 + digits;
      return Number.parseInt(hex, 16);
    }
    const known = { t: 9, n: 10, r: 13, "\\": 0x5c, '"': 0x22, "[": 0x5b, "]": 0x5d, "-": 0x2d }[sign];
    this.#at += 2;
    return known ?? this.#fail(`there is no escape \\${sign}`);
  }

  #name(): string | undefined {
    const [name] = /^[a-zA-Z0-9-]+/.exec(this.#source.slice(this.#at, this.#at + 200)) ?? [];
    this.#at += name?.length ?? 0;
    return name;
  }

  #skip(overLines: boolean): void {
    for (;;) {
      const sign = this.#source[this.#at];
      if (sign === "#")
        while (this.#at < this.#source.length && this.#source[this.#at] !== "\n") this.#at += 1;
      else if (sign === " " || sign === "\t" || (overLines && (sign === "\n" || sign === "\r")))
        this.#at += 1;
      else return;
    }
  }

  #fail(reason: string): never {
    throw new GrammarError("GRAMMAR_INVALID", `GBNF cannot be read: ${reason}`, {
      details: { at: this.#at },
    });
  }
}
