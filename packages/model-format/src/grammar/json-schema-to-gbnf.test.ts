import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { jsonSchemaCases, treeSchema } from "../testing/json-schema-cases.ts";
import { compileGbnf } from "../testing/match-gbnf.ts";
import { gbnfSentences } from "../testing/random-sentence.ts";
import { seededRandom } from "../testing/random-weights.ts";
import { jsonObjectGrammar, jsonValueGrammar } from "./json-object-grammar.ts";
import { jsonSchemaToGbnf } from "./json-schema-to-gbnf.ts";

const ajvOptions = { strict: false, validateFormats: false, logger: false } as const;
const ajv = new Ajv2020(ajvOptions);
const formerAjv = new Ajv(ajvOptions);

/** All orders of the keys of the outermost object: a grammar takes one of them. */
function* keyOrders(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return yield JSON.stringify(value);
  const entries = Object.entries(value);
  const [first] = entries;
  if (first === undefined) return yield "{}";
  for (const rotated of permutations(entries)) yield JSON.stringify(Object.fromEntries(rotated));
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

describe.each(jsonSchemaCases)("$name", ({ name, schema, valid, invalid }) => {
  const { grammar, notes } = jsonSchemaToGbnf(schema);
  const matches = compileGbnf(grammar);
  const accepts = (value: unknown) => keyOrders(value).some(matches);

  test("valid values are accepted and invalid ones are not", () => {
    expect(valid.filter((value) => !accepts(value))).toEqual([]);
    expect(invalid.filter(accepts)).toEqual([]);
    expect(notes).toEqual([]);
  });

  test("fifty random sentences validate", () => {
    // Every schema of the table is an object or a boolean.
    const validate = (name.includes("former") ? formerAjv : ajv).compile(schema as object | boolean);
    const sentence = gbnfSentences(grammar, seededRandom(42));
    for (let count = 0; count < 50; count += 1) {
      const text = sentence();
      if (!validate(JSON.parse(text))) expect.unreachable(`${text} is not valid`);
    }
  });
});

test("white space as programs print it is accepted", () => {
  const matches = compileGbnf(jsonSchemaToGbnf(treeSchema).grammar);
  const value = { value: 1, next: { value: -2 } };
  expect(
    [JSON.stringify(value), JSON.stringify(value, null, 2), JSON.stringify(value, null, "\t")].map(matches),
  ).toEqual([true, true, true]);
});

test("properties come in the order of the schema", () => {
  const schema = { type: "object", properties: { z: { const: 1 }, a: { const: 2 } }, required: ["a", "z"] };
  const matches = compileGbnf(jsonSchemaToGbnf(schema).grammar);
  expect(['{"z":1,"a":2}', '{"a":2,"z":1}'].map(matches)).toEqual([true, false]);
});

test("unlisted properties are a matter of choice", () => {
  const schema = { type: "object", properties: { a: {} } };
  const open = compileGbnf(jsonSchemaToGbnf(schema, { unlistedProperties: "as-schema-says" }).grammar);
  const closed = compileGbnf(jsonSchemaToGbnf(schema).grammar);
  expect([open('{"b":1}'), closed('{"b":1}'), open('{"b":1,"a":2}')]).toEqual([true, false, false]);
});

test("JSON mode takes objects, and values where any are asked for", () => {
  const [objects, values] = [compileGbnf(jsonObjectGrammar()), compileGbnf(jsonValueGrammar())];
  const texts = [
    '{"a": [1, 2.5e3, {"b":null}], "c\\n":"\\u00e9x"}',
    "{}",
    "[]",
    '"x"',
    '{"a":1,}',
    "{'a':1}",
    "01",
  ];
  expect(texts.map(objects)).toEqual([true, true, false, false, false, false, false]);
  expect(texts.map(values)).toEqual([true, true, true, true, false, false, false]);
  const sentence = gbnfSentences(jsonValueGrammar(), seededRandom(1));
  for (let count = 0; count < 200; count += 1) expect(() => JSON.parse(sentence())).not.toThrow();
});
