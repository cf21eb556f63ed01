import { jsonObjectGrammar, jsonSchemaToGbnf } from "@puna/model-format/grammar";
import { describe, expect, it } from "vitest";
import { checkGrammar } from "./check-grammar.ts";

const times = <TValue>(count: number, make: (index: number) => TValue) =>
  Array.from({ length: count }, (_, at) => make(at));

describe("grammars that llama.cpp would not survive", () => {
  it.each([
    ["brackets within brackets", `root ::= ${"(".repeat(20_000)}"a"${")".repeat(20_000)}`, "brackets"],
    ["too long a text", `root ::= "${"a".repeat(2_000_000)}"`, "characters"],
    ["many alternatives", `root ::= ${times(5_000, (at) => `"x${at}"`).join(" | ")}`, "alternatives"],
    ["many parts to leave out", `root ::= ${'"a"? '.repeat(3_000)}"b"`, "alternatives"],
    ["a chain of rules", `root ::= r0\n${times(5_000, (at) => `r${at} ::= r${at + 1}`).join("\n")}`, "rules"],
    [
      "parts of parts to leave out",
      `root ::= ${"a ".repeat(9)}\na ::= ${"b ".repeat(9)}\nb ::= ${"c ".repeat(9)}\nc ::= ${"d{0,3} ".repeat(9)}\nd ::= "x"`,
      "alternatives",
    ],
  ])("%s", (_, grammar, why) => {
    const start = process.cpuUsage();
    expect(() => checkGrammar(grammar)).toThrow(
      expect.objectContaining({ code: "INVALID_GRAMMAR", message: expect.stringContaining(why) }),
    );
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5_000);
  });
});

const passing: readonly (readonly [string, string])[] = [
  ["JSON mode", jsonObjectGrammar()],
  ["many values", jsonSchemaToGbnf({ enum: times(5_000, (at) => `name-${at}`) }).grammar],
  [
    "many properties",
    jsonSchemaToGbnf({
      type: "object",
      properties: Object.fromEntries(times(100, (at) => [`p${at}`, { type: "integer" }] as const)),
    }).grammar,
  ],
  ["alternatives far apart", `root ::= ${times(3_000, () => '("a" | "b")').join(" ")}`],
  ["signs in texts and classes", 'root ::= "((((" [(|"] "\\"" # (((\n "?"'],
  ["what llama.cpp refuses itself", 'root ::= root "a" | missing | ) ( "open'],
];

it.each(passing)("lets %s pass", (_, grammar) => {
  expect(() => checkGrammar(grammar)).not.toThrow();
});
