import { describe, expect, test } from "vitest";
import { compileGbnf } from "../testing/match-gbnf.ts";
import { jsonSchemaToGbnf } from "./json-schema-to-gbnf.ts";

describe("what cannot be enforced", () => {
  const schemas = [
    ["uniqueItems", { type: "array", uniqueItems: true }, "[1,1]"],
    ["multipleOf", { type: "number", multipleOf: 0.3 }, "0.4"],
    ["minContains", { type: "array", contains: {}, minContains: 2 }, "[1]"],
    ["contains", { type: "array", contains: { const: 1 }, maxItems: 1000 }, "[2]"],
    ["maxContains", { type: "array", contains: {}, maxContains: 2 }, "[1,2,3]"],
    ["not", { type: "array", not: { contains: { const: 1 } } }, "[1]"],
    [
      "oneOf",
      {
        oneOf: [
          { type: "array", contains: { const: 1 } },
          { type: "array", contains: { const: 2 } },
        ],
      },
      "[1,2]",
    ],
    [
      "unevaluatedProperties",
      { type: "object", anyOf: [{ properties: { a: {} } }], unevaluatedProperties: { type: "null" } },
      '{"a":1}',
    ],
  ] as const;

  test.each(schemas)("%s is refused by name and place", (keyword, schema) => {
    expect(() => jsonSchemaToGbnf({ anyOf: [schema] })).toThrow(
      expect.objectContaining({ code: "SCHEMA_UNSUPPORTED", details: { keyword, pointer: "/anyOf/0" } }),
    );
  });

  test.each(schemas)(
    "%s is noted where that is asked for, and lets more through",
    (keyword, schema, text) => {
      const { notes, grammar } = jsonSchemaToGbnf(schema, { unsupported: "note" });
      expect(notes).toEqual([expect.stringContaining(keyword)]);
      expect(compileGbnf(grammar)(text)).toBe(true);
    },
  );

  test("a remote reference is refused, never fetched", () => {
    expect(() => jsonSchemaToGbnf({ $ref: "https://example.org/schema.json" })).toThrow(
      expect.objectContaining({ code: "SCHEMA_UNSUPPORTED", details: { keyword: "$ref", pointer: "" } }),
    );
  });

  test.each([
    ["nothing fits", { type: "string", enum: [1] }],
    ["a recursion never ends", { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }],
    ["bounds cross", { type: "integer", minimum: 5, maximum: 4 }],
    ["false", false],
    ["a required property is forbidden", { type: "object", properties: { a: false }, required: ["a"] }],
  ])("a schema is unsatisfiable where %s", (_, schema) => {
    expect(() => jsonSchemaToGbnf(schema)).toThrow(expect.objectContaining({ code: "SCHEMA_UNSATISFIABLE" }));
  });

  test.each([
    [{ type: "text" }],
    [{ $ref: "#/$defs/none" }],
    [{ properties: { a: 5 } }],
    [{ minLength: -1, type: "string" }],
    ["string"],
    [null],
    [{ enum: "a" }],
  ])("%j is no schema", (schema) => {
    expect(() => jsonSchemaToGbnf(schema)).toThrow(expect.objectContaining({ code: "SCHEMA_INVALID" }));
  });
});

describe("hostile schemas", () => {
  const nest = (depth: number): unknown =>
    Array.from({ length: depth }).reduce((inner) => ({ not: inner }), {});
  const wide = {
    allOf: Array.from({ length: 8 }, () => ({
      anyOf: Array.from({ length: 8 }, (_, index) => ({ minimum: index, title: `${index}` })),
    })),
  };
  test.each([
    ["nesting", nest(100_000)],
    ["products of alternatives", wide],
  ])("%s meets a limit, and soon", (_, schema) => {
    const start = process.cpuUsage();
    expect(() => jsonSchemaToGbnf(schema)).toThrow(expect.objectContaining({ code: "GRAMMAR_LIMIT" }));
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
  });

  test("fixed values are checked against schemas that lead to themselves", () => {
    const { grammar } = jsonSchemaToGbnf({ enum: [1, "x", [2]], anyOf: [{ $ref: "#" }, { type: "string" }] });
    expect(["1", '"x"', "[2]", "3"].map(compileGbnf(grammar))).toEqual([true, true, true, false]);
  });

  test("large classes in many states stay quick and small", () => {
    const start = process.cpuUsage();
    const { grammar } = jsonSchemaToGbnf({ type: "string", pattern: "^\\p{L}+$", maxLength: 500 });
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
    expect(grammar.length).toBeLessThan(100_000);
    expect(['"Größe"', '"a1"', `"${"ж".repeat(501)}"`].map(compileGbnf(grammar))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("references in a circle constrain nothing", () => {
    const { grammar } = jsonSchemaToGbnf({
      $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } },
      $ref: "#/$defs/a",
    });
    expect(compileGbnf(grammar)('{"x":[1]}')).toBe(true);
  });
});

describe("the work that a schema may cause", () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `name-${index}`);
  const properties = Object.fromEntries(many(5000).map((name) => [name, { type: "string" }]));

  test.each([
    ["properties", { type: "object", properties }],
    ["other keys", { type: "object", properties, additionalProperties: true }],
    ["values", { enum: many(50_000) }],
    ["definitions that are used", { properties: { a: { $ref: "#/$defs/x" } }, $defs: { x: { properties } } }],
  ])("ends early with too many %s", (_, schema) => {
    const start = process.cpuUsage();
    expect(() => jsonSchemaToGbnf(schema, { maxChars: 100_000 })).toThrow(
      expect.objectContaining({ code: "GRAMMAR_LIMIT" }),
    );
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
  });

  test("holds what comes out to the length that was asked for", () => {
    const schema = { enum: many(100) };
    const { length } = jsonSchemaToGbnf(schema).grammar;
    expect(jsonSchemaToGbnf(schema, { maxChars: length }).grammar).toHaveLength(length);
    expect(() => jsonSchemaToGbnf(schema, { maxChars: length - 1 })).toThrow("more than");
  });
});
