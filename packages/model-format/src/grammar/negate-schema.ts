import type { SchemaNode, SchemaObject } from "./schema-document.ts";
import {
  type JsonType,
  jsonTypes,
  keywordsOf,
  readLiterals,
  readNames,
  readTexts,
  readTypes,
} from "./schema-keywords.ts";

/** Values that must not appear; only negation makes it. */
export const notEnumKeyword = "~notEnum";
/** A pattern that must not match; only negation makes it. */
export const notPatternKeyword = "~notPattern";

const annotations: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$anchor",
  "$defs",
  "definitions",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

/**
 * A schema for all that another schema refuses, by De Morgan's laws over its keywords.
 * @returns undefined where a keyword has no negation that a grammar could follow
 */
export function negateSchema(node: SchemaNode): boolean | SchemaObject | undefined {
  if (typeof node.schema === "boolean") return !node.schema;
  const alternatives: (boolean | SchemaObject)[] = [];
  const types = readTypes(node);
  if (types !== undefined) alternatives.push({ type: otherTypes(types) });
  const literals = readLiterals(node);
  if (literals !== undefined) alternatives.push({ [notEnumKeyword]: literals });
  for (const [keyword, value] of Object.entries(node.schema)) {
    if (annotations.has(keyword) || ["type", "const", "enum"].includes(keyword)) continue;
    const negated = negateKeyword(node, keyword, value);
    if (negated === undefined) return undefined;
    alternatives.push(negated);
  }
  return { anyOf: alternatives };
}

function negateKeyword(
  node: SchemaNode,
  keyword: string,
  value: unknown,
): SchemaObject | boolean | undefined {
  switch (keyword) {
    case "minimum":
      return { type: "number", exclusiveMaximum: value };
    case "maximum":
      return { type: "number", exclusiveMinimum: value };
    case "exclusiveMinimum":
      return { type: "number", maximum: value };
    case "exclusiveMaximum":
      return { type: "number", minimum: value };
    case "minLength":
      return below("string", "maxLength", value);
    case "maxLength":
      return above("string", "minLength", value);
    case "minItems":
      return below("array", "maxItems", value);
    case "maxItems":
      return above("array", "minItems", value);
    case "minProperties":
      return below("object", "maxProperties", value);
    case "maxProperties":
      return above("object", "minProperties", value);
    case "pattern":
      return { type: "string", [notPatternKeyword]: value };
    case "required":
      return {
        type: "object",
        anyOf: readTexts(node, "required").map((name) => ({ properties: { [name]: false } })),
      };
    case "properties":
      return {
        type: "object",
        anyOf: readNames(node, "properties").map((name) => ({
          required: [name],
          properties: { [name]: { not: member(keywordsOf(node)["properties"], name) } },
        })),
      };
    case "allOf":
      return Array.isArray(value) ? { anyOf: value.map((schema: unknown) => ({ not: schema })) } : undefined;
    case "anyOf":
      return Array.isArray(value) ? { allOf: value.map((schema: unknown) => ({ not: schema })) } : undefined;
    case "not":
      return { allOf: [value] };
    case "$ref":
      return { not: { $ref: value } };
    default:
      return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function below(type: JsonType, keyword: string, value: unknown): SchemaObject | boolean | undefined {
  if (typeof value !== "number") return undefined;
  return value === 0 ? false : { type, [keyword]: value - 1 };
}

function above(type: JsonType, keyword: string, value: unknown): SchemaObject | undefined {
  return typeof value === "number" ? { type, [keyword]: value + 1 } : undefined;
}

function otherTypes(types: readonly JsonType[]): readonly JsonType[] {
  return jsonTypes.filter((type) => !types.includes(type));
}
