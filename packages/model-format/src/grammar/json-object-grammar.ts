import { jsonObject, jsonRules, jsonValue } from "./json-text.ts";
import { printGrammar } from "./print-grammar.ts";

/** A grammar for any JSON object: what JSON mode asks for. @returns GBNF with the root rule `root` */
export function jsonObjectGrammar(): string {
  return printGrammar(jsonRules().set("root", jsonObject));
}

/** A grammar for any JSON value. @returns GBNF with the root rule `root` */
export function jsonValueGrammar(): string {
  return printGrammar(jsonRules().set("root", jsonValue));
}
