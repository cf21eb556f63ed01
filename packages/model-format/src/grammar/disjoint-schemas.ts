import type { SchemaDocument, SchemaNode } from "./schema-document.ts";
import {
  isSameJson,
  type JsonType,
  keywordsOf,
  readLiterals,
  readNames,
  readText,
  readTexts,
  readTypes,
  typeOfJson,
} from "./schema-keywords.ts";

/** How many references are followed to find a type or a fixed value. */
const maxFollowed = 8;

/**
 * Whether no value can satisfy both schemas, as far as can be told at a glance: other types, other fixed values,
 * or an obligatory property with other fixed values (the tag of a union). False means that it is not known.
 */
export function areDisjoint(document: SchemaDocument, left: SchemaNode, right: SchemaNode): boolean {
  const one = glance(document, left);
  const other = glance(document, right);
  if (one.types !== undefined && other.types !== undefined && !shareType(one.types, other.types)) return true;
  if (literalsDiffer(one.literals, other.literals)) return true;
  if (!isObjectOnly(one.types) || !isObjectOnly(other.types)) return false;
  return [...one.tags].some(([name, literals]) => literalsDiffer(literals, other.tags.get(name)));
}

interface Glance {
  readonly types: readonly JsonType[] | undefined;
  readonly literals: readonly unknown[] | undefined;
  /** Obligatory properties with fixed values. */
  readonly tags: ReadonlyMap<string, readonly unknown[]>;
}

function glance(document: SchemaDocument, node: SchemaNode): Glance {
  const nodes = follow(document, node);
  const literals = nodes.map(readLiterals).find((values) => values !== undefined);
  const types = nodes.map(readTypes).find((list) => list !== undefined) ?? literals?.map(typeOfJson);
  const tags = new Map<string, readonly unknown[]>();
  const required = new Set(nodes.flatMap((member) => readTexts(member, "required")));
  for (const member of nodes) {
    for (const name of readNames(member, "properties").filter((key) => required.has(key))) {
      const values = follow(document, document.child(member, "properties", name)).map(readLiterals);
      const fixed = values.find((list) => list !== undefined);
      if (fixed !== undefined) tags.set(name, fixed);
    }
  }
  return { types, literals, tags };
}

/** The schema and those that it refers to or contains in full. */
function follow(document: SchemaDocument, start: SchemaNode): readonly SchemaNode[] {
  const found = [start];
  for (let index = 0; index < found.length && found.length < maxFollowed; index += 1) {
    const node = found[index] ?? start;
    const reference = readText(node, "$ref");
    if (reference !== undefined) found.push(document.resolve(node, reference));
    const all = keywordsOf(node)["allOf"];
    if (Array.isArray(all)) found.push(...all.map((_, at) => document.child(node, "allOf", at)));
  }
  return found;
}

function isObjectOnly(types: readonly JsonType[] | undefined): boolean {
  return types?.every((type) => type === "object") ?? false;
}

function shareType(left: readonly JsonType[], right: readonly JsonType[]): boolean {
  return left.some((type) => right.includes(type));
}

function literalsDiffer(
  left: readonly unknown[] | undefined,
  right: readonly unknown[] | undefined,
): boolean {
  if (left === undefined || right === undefined) return false;
  return left.every((value) => right.every((other) => !isSameJson(value, other)));
}
