import { GrammarError } from "../errors.ts";
import type { Expression } from "./expression.ts";

/** How long the expression is at least when it is printed. */
export function leastChars(expression: Expression): number {
  switch (expression.kind) {
    case "text":
      return expression.text.length + 3;
    case "characters":
      return 2;
    case "rule":
      return expression.name.length + 1;
    case "sequence":
      return sum(expression.items);
    case "choice":
      return sum(expression.options) + 2 * expression.options.length;
    case "repeat":
      return leastChars(expression.item);
  }
}

function sum(expressions: readonly Expression[]): number {
  let chars = 0;
  for (const expression of expressions) chars += leastChars(expression);
  return chars;
}

/** @throws GrammarError `GRAMMAR_LIMIT` */
export function grammarTooLong(maxChars: number): never {
  throw new GrammarError(
    "GRAMMAR_LIMIT",
    `The schema makes a grammar of more than ${maxChars} characters; use fewer properties and alternatives`,
  );
}
