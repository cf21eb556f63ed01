import { printGrammar } from "./print-grammar.ts";
import { regexExpression } from "./regex-expression.ts";

/**
 * A grammar for the texts that match a regular expression as a whole: anchors at its ends are taken for granted.
 * Read as ECMAScript reads it with the `u` flag.
 * @returns GBNF with the root rule `root`
 * @throws GrammarError `PATTERN_INVALID`; `PATTERN_UNSUPPORTED` for look-around, back references, word boundaries
 */
export function regexToGbnf(pattern: string): string {
  return printGrammar(new Map([["root", regexExpression(`^(?:${pattern})$`)]]));
}
