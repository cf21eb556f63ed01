import type { SchemaDocument, SchemaNode } from "./schema-document.ts";
import { keywordsOf, readLength, readText } from "./schema-keywords.ts";

// What these evaluate depends on the value, so that it cannot be known beforehand.
const conditional = ["anyOf", "oneOf", "not", "if", "dependentSchemas", "$dynamicRef", "contains"] as const;

/**
 * The schemas that count for `unevaluatedProperties` and `unevaluatedItems` of a schema: itself, and what it
 * includes by `$ref` and `allOf`; undefined where that depends on the value.
 */
export function evaluatingSchemas(
  document: SchemaDocument,
  node: SchemaNode,
): readonly SchemaNode[] | undefined {
  const found = [node];
  for (const member of found) {
    const keywords = keywordsOf(member);
    if (conditional.some((keyword) => keywords[keyword] !== undefined)) return undefined;
    const reference = readText(member, "$ref");
    const included = [
      ...(reference === undefined ? [] : [document.resolve(member, reference)]),
      ...Array.from({ length: readLength(member, "allOf") }, (_, index) =>
        document.child(member, "allOf", index),
      ),
    ];
    found.push(...included.filter((other) => found.every(({ pointer }) => pointer !== other.pointer)));
  }
  return found;
}
