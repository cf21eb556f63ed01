import { evaluatingSchemas } from "./evaluating-schemas.ts";
import { choice, type Expression, empty, nothing, optional, repeat, sequence, text } from "./expression.ts";
import { comma, space } from "./json-text.ts";
import type { SchemaNode } from "./schema-document.ts";
import type { SchemaGrammar } from "./schema-grammar.ts";
import { keywordsOf, readCount, readLength } from "./schema-keywords.ts";

const keywords = [
  "prefixItems",
  "items",
  "additionalItems",
  "minItems",
  "maxItems",
  "contains",
  "uniqueItems",
  "unevaluatedItems",
] as const;

/** With a bound on the length, `contains` needs an alternative for every place. */
const maxArrangements = 64;

/**
 * JSON text of every array that satisfies the schemas; undefined when none of them says anything of arrays.
 * `items` with a list is read as drafts before 2020 wrote `prefixItems`.
 */
export function arrayExpression(
  grammar: SchemaGrammar,
  nodes: readonly SchemaNode[],
  name: string,
): Expression | undefined {
  const concerned = nodes.filter((node) =>
    keywords.some((keyword) => keywordsOf(node)[keyword] !== undefined),
  );
  if (concerned.length === 0) return undefined;
  const min = Math.max(0, ...concerned.map((node) => readCount(node, "minItems") ?? 0));
  const max = Math.min(...concerned.map((node) => readCount(node, "maxItems") ?? Number.POSITIVE_INFINITY));
  const prefix = Math.max(...concerned.map(prefixLength));
  for (const node of concerned) {
    if (keywordsOf(node)["uniqueItems"] === true && max > 1) {
      grammar.report(node, "uniqueItems", "that items differ cannot be enforced");
    }
  }
  const item = (index: number) => concerned.flatMap((node) => itemSchemas(grammar, node, index));
  const containing = concerned.filter((node) => keywordsOf(node)["contains"] !== undefined);
  const required = containing.filter((node) => (readCount(node, "minContains") ?? 1) > 0);
  const isTooLong = Number.isFinite(max) && max > maxArrangements;
  for (const node of containing)
    reportContains(grammar, node, required.length > 1 || prefix > 0 || isTooLong);
  const [contains] = required;
  if (contains !== undefined && prefix === 0 && !isTooLong) {
    return withContained(grammar, {
      all: item(0),
      contains: grammar.document.child(contains, "contains"),
      min,
      max,
    });
  }
  return wrap(members(grammar, { prefix, min, max, item, name }), min);
}

interface Members {
  readonly prefix: number;
  readonly min: number;
  readonly max: number;
  readonly item: (index: number) => readonly SchemaNode[];
  readonly name: string;
}

/** Items one after the other; each may be the last once there are enough. */
function members(grammar: SchemaGrammar, { prefix, min, max, item, name }: Members): Expression {
  const tail = grammar.value(item(prefix));
  const count = Math.min(prefix, max);
  let rest: Expression =
    prefix >= max ? empty : repeat(sequence(space, comma(), tail), Math.max(0, min - prefix), max - prefix);
  if (count === 0) {
    if (max === 0) return empty;
    return sequence(tail, repeat(sequence(space, comma(), tail), Math.max(0, min - 1), max - 1), space);
  }
  for (let index = count - 1; index >= 0; index -= 1) {
    const separator = index === 0 ? empty : sequence(space, comma());
    const one = sequence(separator, grammar.value(item(index)), rest);
    const isFree = index >= min && index > 0;
    const place = `${name}-from-${index}`;
    grammar.addRule(place, isFree ? choice(empty, one) : one);
    rest = { kind: "rule", name: place };
  }
  return sequence(rest, space);
}

function wrap(inner: Expression, min: number): Expression {
  const content = min === 0 ? optional(inner) : inner;
  return sequence(text("["), space, content, text("]"));
}

/** Any items, of which one at least also satisfies `contains`. */
function withContained(
  grammar: SchemaGrammar,
  parts: {
    readonly all: readonly SchemaNode[];
    readonly contains: SchemaNode;
    readonly min: number;
    readonly max: number;
  },
): Expression {
  const { min, max } = parts;
  if (max === 0) return nothing;
  const plain = grammar.value(parts.all);
  const special = grammar.value([...parts.all, parts.contains]);
  const before = sequence(plain, space, comma());
  const after = sequence(space, comma(), plain);
  const isFree = min <= 1 && max === Number.POSITIVE_INFINITY;
  // With bounds, the place of the one decides how many stand on either side.
  const places = isFree ? 0 : Math.min(Math.max(min, 1), max);
  const arrangements = isFree
    ? [sequence(repeat(before, 0), special, repeat(after, 0))]
    : Array.from({ length: Number.isFinite(max) ? max : places }, (_, index) =>
        sequence(
          repeat(before, index, index),
          special,
          repeat(after, Math.max(0, min - index - 1), max - index - 1),
        ),
      );
  const open =
    isFree || Number.isFinite(max) ? [] : [sequence(repeat(before, places), special, repeat(after, 0))];
  return wrap(sequence(choice(...arrangements, ...open), space), 1);
}

function prefixLength(node: SchemaNode): number {
  const { items } = keywordsOf(node);
  return Array.isArray(items) ? items.length : readLength(node, "prefixItems");
}

function itemSchemas(grammar: SchemaGrammar, node: SchemaNode, index: number): readonly SchemaNode[] {
  const { document } = grammar;
  const { items, additionalItems, unevaluatedItems } = keywordsOf(node);
  const list = Array.isArray(items) ? "items" : "prefixItems";
  if (index < prefixLength(node)) return [document.child(node, list, index)];
  const rest = Array.isArray(items) ? "additionalItems" : "items";
  const isThere = rest === "items" ? items !== undefined : additionalItems !== undefined;
  if (isThere) return [document.child(node, rest)];
  if (unevaluatedItems === undefined) return [];
  const evaluating = evaluatingSchemas(document, node);
  if (evaluating === undefined) {
    grammar.report(node, "unevaluatedItems", "what is evaluated depends on the value");
    return [];
  }
  const isEvaluated = evaluating.some(
    (other) =>
      index < prefixLength(other) ||
      keywordsOf(other)["items"] !== undefined ||
      (other !== node && keywordsOf(other)["unevaluatedItems"] !== undefined),
  );
  return isEvaluated ? [] : [document.child(node, "unevaluatedItems")];
}

function reportContains(grammar: SchemaGrammar, node: SchemaNode, isHard: boolean): void {
  const min = readCount(node, "minContains") ?? 1;
  if (min > 1) grammar.report(node, "minContains", "only that one item is contained can be enforced");
  if (keywordsOf(node)["maxContains"] !== undefined) {
    grammar.report(node, "maxContains", "how many items are contained at most cannot be enforced");
  }
  if (min > 0 && isHard) {
    grammar.report(
      node,
      "contains",
      "beside another contains, fixed items or a high maxItems it cannot be enforced",
    );
  }
}
