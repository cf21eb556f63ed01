import { GrammarError } from "../errors.ts";
import { isRecord, type SchemaNode, type SchemaObject } from "./schema-document.ts";

/** The JSON types, with numbers told apart: `number` is both of `integer` and `fraction`. */
export const jsonTypes = ["null", "boolean", "object", "array", "integer", "fraction", "string"] as const;
export type JsonType = (typeof jsonTypes)[number];

/** The keywords of a node; `true` has none. Boolean `false` is dealt with before. */
export function keywordsOf(node: SchemaNode): SchemaObject {
  return typeof node.schema === "boolean" ? {} : node.schema;
}

function invalidKeyword(node: SchemaNode, keyword: string): never {
  const value = JSON.stringify(keywordsOf(node)[keyword]);
  const text = `The schema's ${keyword} at #${node.pointer} has the value ${value}, which it cannot have`;
  throw new GrammarError("SCHEMA_INVALID", text, { details: { pointer: node.pointer, keyword } });
}

/** `type` as a list; undefined: any. */
export function readTypes(node: SchemaNode): readonly JsonType[] | undefined {
  const value = keywordsOf(node)["type"];
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((name): readonly JsonType[] => {
    if (name === "number") return ["integer", "fraction"];
    return [jsonTypes.find((type) => type === name) ?? invalidKeyword(node, "type")];
  });
}

export function readNumber(node: SchemaNode, keyword: string): number | undefined {
  const value = keywordsOf(node)[keyword];
  if (value === undefined) return undefined;
  return typeof value === "number" ? value : invalidKeyword(node, keyword);
}

/** A count that is not negative; 2.0 counts as 2. */
export function readCount(node: SchemaNode, keyword: string): number | undefined {
  const value = readNumber(node, keyword);
  if (value === undefined) return undefined;
  return Number.isInteger(value) && value >= 0 ? value : invalidKeyword(node, keyword);
}

export function readText(node: SchemaNode, keyword: string): string | undefined {
  const value = keywordsOf(node)[keyword];
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : invalidKeyword(node, keyword);
}

export function readTexts(node: SchemaNode, keyword: string): readonly string[] {
  const value = keywordsOf(node)[keyword];
  if (value === undefined) return [];
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
  return isTexts ? value : invalidKeyword(node, keyword);
}

/** Names under a keyword that holds an object. */
export function readNames(node: SchemaNode, keyword: string): readonly string[] {
  const value = keywordsOf(node)[keyword];
  if (value === undefined) return [];
  return isRecord(value) ? Object.keys(value) : invalidKeyword(node, keyword);
}

/** Whether a keyword that holds an object has this name. */
export function hasName(node: SchemaNode, keyword: string, name: string): boolean {
  const value = keywordsOf(node)[keyword];
  if (value === undefined) return false;
  return isRecord(value) ? Object.hasOwn(value, name) : invalidKeyword(node, keyword);
}

/** Length of a keyword that holds a list of schemas. */
export function readLength(node: SchemaNode, keyword: string): number {
  const value = keywordsOf(node)[keyword];
  if (value === undefined) return 0;
  return Array.isArray(value) ? value.length : invalidKeyword(node, keyword);
}

/** The values that `enum` or `const` allow. */
export function readLiterals(node: SchemaNode): readonly unknown[] | undefined {
  const keywords = keywordsOf(node);
  if (Object.hasOwn(keywords, "const")) {
    const value = keywords["const"];
    const list = keywords["enum"];
    return Array.isArray(list) ? list.filter((item) => isSameJson(item, value)) : [value];
  }
  const list = keywords["enum"];
  if (list === undefined) return undefined;
  return Array.isArray(list) ? list : invalidKeyword(node, "enum");
}

/** Equality of JSON values: key order does not count. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isSameJson(item, right[index]));
  }
  if (!isRecord(left) || !isRecord(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSameJson(left[key], right[key]))
  );
}

export function typeOfJson(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "number":
      return Number.isInteger(value) ? "integer" : "fraction";
    case "string":
      return "string";
    default:
      return "object";
  }
}
