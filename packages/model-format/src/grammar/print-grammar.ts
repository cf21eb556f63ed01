import { GrammarError } from "../errors.ts";
import { type CharacterSet, invertCharacters } from "./characters.ts";
import {
  type Expression,
  matchesEmpty,
  type Rules,
  repeat,
  rule,
  sequence,
  withoutEmpty,
} from "./expression.ts";
import { pruneRules } from "./prune-rules.ts";

/** llama.cpp refuses a repetition past 2,000 (v0.5.0), so longer ones are written as repetitions of repetitions. */
const maxRepeat = 1000;
/** It adds up what is repeated within brackets, too: repetitions past this become rules of their own. */
const maxInlineRepeat = 100;
/** Guards the engine: a grammar of this size already slows every token. */
const maxRules = 20_000;

/**
 * Prints rules as GBNF; the one named `root` is what a whole text must match.
 * @throws GrammarError `SCHEMA_UNSATISFIABLE` when no text matches, `GRAMMAR_LIMIT` when there are too many rules
 */
export function printGrammar(rules: Rules): string {
  const pruned = pruneRules(rules, "root");
  if (pruned === undefined) {
    throw new GrammarError("SCHEMA_UNSATISFIABLE", "No finite text satisfies the constraint; loosen it");
  }
  const printer = new Printer();
  for (const [name, expression] of pruned) printer.add(name, expression);
  return printer.finish();
}

type Repeat = Extract<Expression, { readonly kind: "repeat" }>;

class Printer {
  readonly #lines: string[] = [];
  readonly #names = new Map<string, string>();
  #helpers = 0;

  add(name: string, expression: Expression): void {
    // A helper rule may be needed while this one is printed; it comes after it.
    const at = this.#lines.push("") - 1;
    const body = expression.kind === "repeat" ? this.#repeat(expression, true) : this.#choice(expression);
    this.#lines[at] = `${name} ::= ${body}`;
    if (this.#lines.length > maxRules) {
      throw new GrammarError(
        "GRAMMAR_LIMIT",
        `The constraint needs more than ${maxRules} grammar rules; simplify it`,
      );
    }
  }

  finish(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  #choice(expression: Expression): string {
    if (expression.kind !== "choice") return this.#sequence(expression);
    return expression.options.map((option) => this.#sequence(option)).join(" | ");
  }

  #sequence(expression: Expression): string {
    if (expression.kind !== "sequence") return this.#atom(expression);
    return expression.items.length === 0 ? '""' : expression.items.map((item) => this.#atom(item)).join(" ");
  }

  #atom(expression: Expression): string {
    switch (expression.kind) {
      case "text":
        return printText(expression.text);
      case "characters":
        return printCharacters(expression.set);
      case "rule":
        return expression.name;
      case "sequence":
      case "choice":
        return `(${this.#choice(expression)})`;
      case "repeat":
        return this.#repeat(expression);
    }
  }

  #repeat(expression: Repeat, isOwnRule = false): string {
    const { item, min, max } = expression;
    const most = Number.isFinite(max) ? max : min;
    if (most > maxInlineRepeat && !isOwnRule) return this.#name(expression);
    if (matchesEmpty(item)) return this.#atom(repeat(withoutEmpty(item), 0, max));
    const isLong = min > maxRepeat || (max > maxRepeat && Number.isFinite(max));
    if (isLong) return this.#atom(splitRepeat(this.#shared(item), min, max));
    const isOne =
      item.kind === "characters" || item.kind === "rule" || (item.kind === "text" && item.text.length === 1);
    // Named, not in brackets: llama.cpp copies what is in brackets as often as it is repeated.
    const printed = this.#atom(
      isOne || max === 1 || max === Number.POSITIVE_INFINITY ? item : this.#shared(item),
    );
    const grouped =
      item.kind === "repeat" ? `(${printed})` : item.kind === "text" && !isOne ? `(${printed})` : printed;
    return grouped + printBounds(min, max);
  }

  /** A rule for an expression that is used often; the same expression gets the same rule. */
  #shared(item: Expression): Expression {
    if (item.kind === "rule" || item.kind === "characters") return item;
    return rule(this.#name(item));
  }

  #name(item: Expression): string {
    const key = JSON.stringify([item, item.kind === "repeat" && item.max]); // JSON has no Infinity.
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    this.#helpers += 1;
    const name = `repeated-${this.#helpers}`;
    this.#names.set(key, name);
    this.add(name, item);
    return name;
  }
}

function splitRepeat(item: Expression, min: number, max: number): Expression {
  const block = maxRepeat;
  const blocks = Math.floor(min / block);
  const required = sequence(
    repeat(repeat(item, block, block), blocks, blocks),
    repeat(item, min - blocks * block, min - blocks * block),
  );
  if (max === Number.POSITIVE_INFINITY) return sequence(required, repeat(item, 0));
  const spare = max - min;
  const spareBlocks = Math.floor(spare / block);
  return sequence(
    required,
    repeat(repeat(item, 1, block), 0, spareBlocks),
    repeat(item, 0, spare - spareBlocks * block),
  );
}

function printBounds(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  if (min === 0 && max === 1) return "?";
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function printText(value: string): string {
  return `"${Array.from(value, (character) => printCharacter(character.codePointAt(0) ?? 0, '"\\')).join("")}"`;
}

function printCharacters(set: CharacterSet): string {
  const inverse = invertCharacters(set);
  // A class of no exceptions cannot be written; a full set lacks nothing that a text could hold but NUL.
  if (inverse.length === 0) return "[^\\x00]";
  const [ranges, prefix] = inverse.length < set.length ? [inverse, "^"] : [set, ""];
  const printed = ranges.map(([first, last]) => {
    const from = printCharacter(first, '"\\[]-^');
    return first === last ? from : `${from}-${printCharacter(last, '"\\[]-^')}`;
  });
  return `[${prefix}${printed.join("")}]`;
}

function printCharacter(code: number, special: string): string {
  if (code === 0x0a) return "\\n";
  if (code === 0x0d) return "\\r";
  if (code === 0x09) return "\\t";
  const character = String.fromCodePoint(code);
  // The caret has no escape of its own.
  if (special.includes(character)) return character === "^" ? "\\x5E" : `\\${character}`;
  if (code >= 0x20 && code < 0x7f) return character;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, "0");
}
