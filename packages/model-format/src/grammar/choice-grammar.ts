import { GrammarError } from "../errors.ts";
import { printGrammar } from "./print-grammar.ts";
import { textChoice } from "./text-choice.ts";

/**
 * A grammar for exactly one of several texts.
 * @returns GBNF with the root rule `root`
 * @throws GrammarError `SCHEMA_INVALID` when there is no text, or an empty or doubled one
 */
export function choiceGrammar(texts: readonly string[]): string {
  const isUsable = texts.length > 0 && texts.every((value) => value !== "" && value.isWellFormed());
  if (!isUsable || new Set(texts).size !== texts.length) {
    throw new GrammarError(
      "SCHEMA_INVALID",
      "A choice needs texts that are not empty and differ from each other",
    );
  }
  return printGrammar(new Map([["root", textChoice(texts)]]));
}
