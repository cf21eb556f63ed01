/** A schema with values that its grammar accepts, and such that it refuses. */
export interface JsonSchemaCase {
  readonly name: string;
  readonly schema: unknown;
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
}

/** A schema that refers to itself. */
export const treeSchema = {
  $defs: {
    node: {
      type: "object",
      properties: { value: { type: "integer" }, next: { $ref: "#/$defs/node" } },
      required: ["value"],
    },
  },
  $ref: "#/$defs/node",
};

export const jsonSchemaCases: readonly JsonSchemaCase[] = [
  { name: "types", schema: { type: ["string", "null"] }, valid: ["x", null], invalid: [1, true, [], {}] },
  { name: "true", schema: true, valid: [1, "x", { a: [null] }], invalid: [] },
  { name: "const", schema: { const: { a: [1, "ü"] } }, valid: [{ a: [1, "ü"] }], invalid: [{ a: [1] }, 1] },
  { name: "enum", schema: { enum: ["a", 2, null, [1]] }, valid: ["a", 2, null, [1]], invalid: ["b", 3, []] },
  { name: "enum narrowed by type", schema: { type: "string", enum: ["a", 2] }, valid: ["a"], invalid: [2] },
  {
    name: "string lengths",
    schema: { type: "string", minLength: 2, maxLength: 3 },
    valid: ["ab", 'a\n"', "😀😀😀"],
    invalid: ["a", "abcd", ""],
  },
  {
    name: "a pattern anywhere",
    schema: { type: "string", pattern: "b+" },
    valid: ["abc", "b"],
    invalid: ["ac"],
  },
  {
    name: "an anchored pattern",
    schema: { type: "string", pattern: "^\\d{3}$" },
    valid: ["123"],
    invalid: ["1234", "a123"],
  },
  {
    name: "a pattern with quotes and controls",
    schema: { type: "string", pattern: '^["\\\\\\n]+$' },
    valid: ['"\\\n'],
    invalid: ["x"],
  },
  {
    name: "a pattern with lengths",
    schema: { type: "string", pattern: "^a*b$", minLength: 3, maxLength: 4 },
    valid: ["aab", "aaab"],
    invalid: ["ab", "aaaab"],
  },
  {
    name: "two patterns",
    schema: { type: "string", allOf: [{ pattern: "a" }, { pattern: "b" }] },
    valid: ["ab", "xbya"],
    invalid: ["a", "b"],
  },
  {
    name: "date",
    schema: { type: "string", format: "date" },
    valid: ["2024-02-29", "1999-12-31"],
    invalid: ["2023-02-29", "2024-04-31", "2024-13-01"],
  },
  {
    name: "time",
    schema: { type: "string", format: "time" },
    valid: ["12:00:00Z", "23:59:59.5+01:30"],
    invalid: ["24:00:00Z", "12:00:00"],
  },
  {
    name: "date-time",
    schema: { type: "string", format: "date-time" },
    valid: ["2024-01-02T03:04:05Z"],
    invalid: ["2024-01-02", "2024-01-02 03:04:05Z"],
  },
  {
    name: "uuid",
    schema: { type: "string", format: "uuid" },
    valid: ["123e4567-e89b-12d3-a456-426614174000"],
    invalid: ["123e4567e89b12d3a456426614174000"],
  },
  { name: "integers", schema: { type: "integer" }, valid: [0, -5, 123_456_789], invalid: [1.5, "1"] },
  {
    name: "integer bounds",
    schema: { type: "integer", minimum: -3, exclusiveMaximum: 12 },
    valid: [-3, 0, 11],
    invalid: [-4, 12, 100],
  },
  {
    name: "fractional bounds of integers",
    schema: { type: "integer", minimum: 1.2, maximum: 3.9 },
    valid: [2, 3],
    invalid: [1, 4],
  },
  {
    name: "multiples",
    schema: { type: "integer", multipleOf: 7, minimum: 0, maximum: 100 },
    valid: [0, 7, 98],
    invalid: [1, 105, -7],
  },
  {
    name: "number bounds",
    schema: { type: "number", exclusiveMinimum: 0, maximum: 1.5 },
    valid: [0.1, 1, 1.5, 0.000_1],
    invalid: [0, 1.51, -1],
  },
  {
    name: "an array",
    schema: { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 3 },
    valid: [[1], [1, 2, 3]],
    invalid: [[], [1, 2, 3, 4], ["a"]],
  },
  {
    name: "a tuple",
    schema: { type: "array", prefixItems: [{ type: "integer" }, { type: "string" }], items: false },
    valid: [[], [1], [1, "a"]],
    invalid: [["a"], [1, "a", 2]],
  },
  {
    name: "a tuple of former drafts",
    schema: { type: "array", items: [{ type: "integer" }], additionalItems: { type: "string" }, minItems: 2 },
    valid: [
      [1, "a"],
      [1, "a", "b"],
    ],
    invalid: [[1], [1, 2]],
  },
  {
    name: "contains",
    schema: { type: "array", items: { type: "integer" }, contains: { const: 7 } },
    valid: [[7], [1, 7], [7, 1, 2]],
    invalid: [[], [1]],
  },
  {
    name: "contains within bounds",
    schema: { type: "array", items: { type: "integer" }, contains: { const: 7 }, minItems: 2, maxItems: 3 },
    valid: [
      [7, 1],
      [1, 7],
      [1, 2, 7],
    ],
    invalid: [[7], [1, 2, 3], [7, 7, 7, 7]],
  },
  {
    name: "an object",
    schema: {
      type: "object",
      properties: { a: { type: "integer" }, b: { type: "string" } },
      required: ["b"],
    },
    valid: [{ b: "x" }, { a: 1, b: "x" }],
    invalid: [{}, { a: 1 }, { b: "x", c: 1 }, { a: "1", b: "x" }],
  },
  {
    name: "a closed object",
    schema: { type: "object", properties: { a: {} }, additionalProperties: false },
    valid: [{}, { a: [1] }],
    invalid: [{ b: 1 }],
  },
  {
    name: "an open object",
    schema: {
      type: "object",
      properties: { a: { type: "integer" } },
      additionalProperties: { type: "string" },
    },
    valid: [{ a: 1, x: "y", "": "z" }, { x: "y" }, { aa: "1" }],
    invalid: [{ a: "1" }, { x: 1 }],
  },
  { name: "any object", schema: { type: "object" }, valid: [{}, { a: { b: [] } }], invalid: [[], "x"] },
  {
    name: "a required property that is not listed",
    schema: { type: "object", required: ["a"] },
    valid: [{ a: 1 }],
    invalid: [{}],
  },
  {
    name: "a forbidden property",
    schema: { type: "object", properties: { a: false, b: {} } },
    valid: [{}, { b: 1 }],
    invalid: [{ a: 1 }],
  },
  {
    name: "counted properties",
    schema: {
      type: "object",
      properties: { a: { const: 1 }, b: { const: 1 }, c: { const: 1 } },
      minProperties: 1,
      maxProperties: 2,
      additionalProperties: false,
    },
    valid: [{ a: 1 }, { a: 1, c: 1 }],
    invalid: [{}, { a: 1, b: 1, c: 1 }],
  },
  {
    name: "keys by pattern",
    schema: {
      type: "object",
      patternProperties: { "^n_": { type: "integer" } },
      additionalProperties: false,
    },
    valid: [{}, { n_a: 1 }],
    invalid: [{ n_a: "x" }, { a: 1 }],
  },
  {
    name: "keys by two patterns",
    schema: {
      type: "object",
      patternProperties: { a: { type: "integer" }, b: { minimum: 5 } },
      additionalProperties: false,
    },
    valid: [{ a: 1 }, { ab: 5 }, { b: "x" }],
    invalid: [{ ab: 4 }, { ab: "x" }, { c: 1 }],
  },
  {
    name: "names of properties",
    schema: { type: "object", propertyNames: { enum: ["x", "y"] } },
    valid: [{ x: 1 }, {}],
    invalid: [{ z: 1 }],
  },
  {
    name: "anyOf",
    schema: { anyOf: [{ type: "integer" }, { type: "string", maxLength: 2 }] },
    valid: [5, "ab"],
    invalid: ["abc", null],
  },
  {
    name: "oneOf with tags",
    schema: {
      oneOf: [
        { type: "object", properties: { t: { const: "a" }, x: { type: "integer" } }, required: ["t", "x"] },
        { type: "object", properties: { t: { const: "b" } }, required: ["t"] },
      ],
    },
    valid: [{ t: "a", x: 1 }, { t: "b" }],
    invalid: [{ t: "a" }, { t: "c" }],
  },
  {
    name: "oneOf that overlaps",
    schema: { oneOf: [{ type: "integer" }, { type: "number", minimum: 2 }] },
    valid: [1, 2.5],
    invalid: [3, 1.5],
  },
  {
    name: "allOf over properties",
    schema: {
      allOf: [
        { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
        { properties: { a: { minimum: 3 }, b: { type: "null" } } },
      ],
    },
    valid: [{ a: 3 }, { a: 4, b: null }],
    invalid: [{ a: 2 }, { b: null }],
  },
  {
    name: "not",
    schema: { type: ["string", "integer"], not: { enum: ["a", "ab"] } },
    valid: ["b", "abc", "", 1],
    invalid: ["a", "ab"],
  },
  {
    name: "not a type",
    schema: { not: { type: ["object", "array", "number"] } },
    valid: ["x", null, true],
    invalid: [1, {}, []],
  },
  {
    name: "if then else",
    schema: {
      type: "object",
      properties: { k: { enum: ["a", "b"] }, n: { type: "integer" } },
      required: ["k"],
      if: { properties: { k: { const: "a" } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["n"] },
    },
    valid: [{ k: "a", n: 1 }, { k: "b" }],
    invalid: [{ k: "a" }],
  },
  {
    name: "dependentRequired",
    schema: {
      type: "object",
      properties: { a: { const: 1 }, b: { const: 2 } },
      dependentRequired: { a: ["b"] },
    },
    valid: [{}, { b: 2 }, { a: 1, b: 2 }],
    invalid: [{ a: 1 }],
  },
  {
    name: "recursion",
    schema: treeSchema,
    valid: [{ value: 1 }, { value: 1, next: { value: 2, next: { value: 3 } } }],
    invalid: [{ next: { value: 1 } }, { value: 1, next: {} }],
  },
  {
    name: "recursion of the root",
    schema: { type: "array", items: { $ref: "#" } },
    valid: [[], [[], [[]]]],
    invalid: [[1]],
  },
  {
    name: "anchors and ids",
    schema: {
      $id: "https://example.org/s",
      $defs: { a: { $anchor: "x", type: "integer" }, b: { $id: "t", type: "string" } },
      anyOf: [{ $ref: "#x" }, { $ref: "t" }],
    },
    valid: [1, "a"],
    invalid: [null],
  },
  {
    name: "unevaluated properties beside allOf",
    schema: {
      type: "object",
      allOf: [{ properties: { a: { type: "integer" } } }],
      properties: { b: { type: "string" } },
      unevaluatedProperties: false,
    },
    valid: [{ b: "x", a: 1 }, {}],
    invalid: [{ c: 1 }],
  },
  {
    name: "odd property names",
    schema: { type: "object", properties: { 'q"\\\n': { const: 1 }, ü: { const: 2 } }, required: ['q"\\\n'] },
    valid: [{ 'q"\\\n': 1, ü: 2 }],
    invalid: [{ ü: 2 }],
  },
];
