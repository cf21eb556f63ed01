import { EngineError } from "../errors.ts";

const largestCodePoint = 0x10ffff;

/** Tokens of the scripted engine: one per Unicode code point, with its number as id. */
export function toCodePoints(text: string): readonly number[] {
  return [...text].map((character) => character.codePointAt(0) ?? 0);
}

/** @throws EngineError `INVALID_REQUEST` for what is no code point */
export function fromCodePoints(tokens: readonly number[]): string {
  const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token > largestCodePoint);
  if (wrong !== undefined) {
    throw new EngineError(
      "INVALID_REQUEST",
      `token ${wrong} is not in the vocabulary of ${largestCodePoint + 1} tokens`,
    );
  }
  return tokens.map((token) => String.fromCodePoint(token)).join("");
}
