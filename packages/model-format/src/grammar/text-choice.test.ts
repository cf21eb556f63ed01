import { describe, expect, test } from "vitest";
import { compileGbnf } from "../testing/match-gbnf.ts";
import { choiceGrammar } from "./choice-grammar.ts";
import { jsonSchemaToGbnf } from "./json-schema-to-gbnf.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `name-${index}`);

describe("many texts to choose from", () => {
  test.each([
    ["numbered", numbered(300)],
    ["each the beginning of the next", Array.from({ length: 60 }, (_, index) => "a".repeat(index + 1))],
    ["of characters outside the first plane", Array.from("😀😁😂🤣😃😄😅😆😉😊", (face) => `x${face}`)],
    ["quotes and line ends", Array.from({ length: 20 }, (_, index) => `"${"\n".repeat(index)}\\`)],
  ])("%s are accepted, and nothing else", (_, texts) => {
    const matches = compileGbnf(choiceGrammar(texts));
    expect(texts.filter((text) => !matches(text))).toEqual([]);
    const others = texts.flatMap((text) => [`${text}x`, text.slice(0, -1), `x${text}`]);
    expect(others.filter((text) => matches(text) && !texts.includes(text))).toEqual([]);
  });

  test("begin in common where they can", () => {
    const { grammar } = jsonSchemaToGbnf({ enum: numbered(1000) });
    expect(grammar).toContain(String.raw`"\"name-" (`);
    // No more alternatives stand side by side than there are digits, and the closing quote.
    const widest = Math.max(...grammar.split(/[()]/).map((part) => part.split(" | ").length));
    expect(widest).toBeLessThanOrEqual(11);
    const matches = compileGbnf(grammar);
    expect(['"name-0"', '"name-10"', '"name-999"', '"name-1000"', '"name-"'].map(matches)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
