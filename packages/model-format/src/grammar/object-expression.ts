import {
  type Automaton,
  automatonMatches,
  automatonOf,
  automatonOfTexts,
  intersect,
  isEmptyAutomaton,
  subtract,
  union,
} from "./automaton.ts";
import { allCharacters } from "./characters.ts";
import { evaluatingSchemas } from "./evaluating-schemas.ts";
import {
  characters,
  choice,
  type Expression,
  empty,
  nothing,
  repeat,
  rule,
  sequence,
  text,
} from "./expression.ts";
import { colon, comma, jsonString, literal, quoted, space } from "./json-text.ts";
import { regexExpression } from "./regex-expression.ts";
import { schemaAlternatives } from "./schema-alternatives.ts";
import type { SchemaNode } from "./schema-document.ts";
import type { SchemaGrammar } from "./schema-grammar.ts";
import {
  hasName,
  keywordsOf,
  readCount,
  readLiterals,
  readNames,
  readTexts,
  readTypes,
} from "./schema-keywords.ts";
import { automatonExpression, stringAutomaton, stringConstraint } from "./string-language.ts";

const keywords = [
  "properties",
  "required",
  "additionalProperties",
  "patternProperties",
  "propertyNames",
  "minProperties",
  "maxProperties",
  "unevaluatedProperties",
] as const;

/** Key patterns multiply: each set of patterns that a key can match is a kind of key of its own. */
const maxPatterns = 4;

/**
 * JSON text of every object that satisfies the schemas, its listed properties in the order in which they are
 * listed, others after them; undefined when none of the schemas says anything of objects.
 */
export function objectExpression(
  grammar: SchemaGrammar,
  nodes: readonly SchemaNode[],
  name: string,
): Expression | undefined {
  const concerned = nodes.filter((node) =>
    keywords.some((keyword) => keywordsOf(node)[keyword] !== undefined),
  );
  if (concerned.length === 0) return undefined;
  const properties = new ObjectProperties(grammar, concerned);
  const listed = properties.names.map((property) => ({
    isRequired: properties.isRequired(property),
    member: properties.allowsName(property)
      ? sequence(literal(property), colon(), grammar.value(properties.schemasOf(property)))
      : nothing,
  }));
  const min = Math.max(0, ...concerned.map((node) => readCount(node, "minProperties") ?? 0));
  const max = Math.min(
    ...concerned.map((node) => readCount(node, "maxProperties") ?? Number.POSITIVE_INFINITY),
  );
  const others = properties.otherMembers(`${name}-key`);
  return sequence(text("{"), space, members(grammar, { listed, others, min, max, name }), text("}"));
}

interface Members {
  readonly listed: readonly { readonly isRequired: boolean; readonly member: Expression }[];
  readonly others: Expression;
  readonly min: number;
  readonly max: number;
  readonly name: string;
}

/**
 * One rule for every place in the list and every count of members written so far, as far as the count matters:
 * whether a comma is due, and how the count stands to its bounds.
 */
function members(grammar: SchemaGrammar, { listed, others, min, max, name }: Members): Expression {
  const cap = Number.isFinite(max) ? max : Math.max(1, min);
  const place = (index: number, count: number) => rule(`${name}-${index}-${Math.min(count, cap)}`);
  const separated = (count: number, member: Expression) =>
    count === 0 ? member : sequence(space, comma(), member);
  const closing = (count: number) => (count === 0 ? empty : space);
  for (let index = 0; index <= listed.length; index += 1) {
    for (
      let count = 0;
      count <= Math.min(index, cap) || (index === listed.length && count <= cap);
      count += 1
    ) {
      const canWrite = count < max;
      const entry = listed[index];
      const options: Expression[] = [];
      if (entry === undefined) {
        const isOpen = count === cap && max === Number.POSITIVE_INFINITY;
        if (isOpen) options.push(sequence(repeat(separated(count, others), 0), closing(count)));
        else {
          if (count >= min) options.push(closing(count));
          if (canWrite) options.push(sequence(separated(count, others), place(index, count + 1)));
        }
      } else {
        if (canWrite) options.push(sequence(separated(count, entry.member), place(index + 1, count + 1)));
        if (!entry.isRequired) options.push(place(index + 1, count));
      }
      grammar.addRule(`${name}-${index}-${count}`, choice(...options));
    }
  }
  return place(0, 0);
}

class ObjectProperties {
  /** Listed or required, in the order of the schemas. */
  readonly names: readonly string[];
  readonly #grammar: SchemaGrammar;
  readonly #nodes: readonly SchemaNode[];
  readonly #required: ReadonlySet<string>;
  readonly #patterns: ReadonlyMap<string, Automaton>;
  readonly #keys: Automaton | undefined;

  constructor(grammar: SchemaGrammar, nodes: readonly SchemaNode[]) {
    this.#grammar = grammar;
    this.#nodes = nodes;
    this.#required = new Set(nodes.flatMap((node) => readTexts(node, "required")));
    this.names = [...new Set([...nodes.flatMap((node) => readNames(node, "properties")), ...this.#required])];
    const patterns = new Set(nodes.flatMap((node) => readNames(node, "patternProperties")));
    this.#patterns = new Map(
      [...patterns].map((pattern) => [pattern, automatonOf(regexExpression(pattern))]),
    );
    this.#keys = this.#propertyNames();
  }

  isRequired(name: string): boolean {
    return this.#required.has(name);
  }

  allowsName(name: string): boolean {
    return this.#keys === undefined || automatonMatches(this.#keys, name);
  }

  /** Schemas for the value of a property of this name. */
  schemasOf(name: string): readonly SchemaNode[] {
    const matched = new Set([...this.#patterns.keys()].filter((pattern) => this.#matches(pattern, name)));
    return this.#nodes.flatMap((node) => this.#schemasIn(node, name, matched));
  }

  /** A member with a key that is not listed. */
  otherMembers(name: string): Expression {
    const patterns = [...this.#patterns.keys()];
    if (patterns.length > maxPatterns) {
      const [node] = this.#nodes;
      if (node !== undefined)
        this.#grammar.report(node, "patternProperties", `more than ${maxPatterns} patterns in one place`);
      return nothing;
    }
    const kinds = Array.from({ length: 2 ** patterns.length }, (_, bits) =>
      patterns.filter((_pattern, index) => (bits >> index) % 2 === 1),
    );
    return choice(...kinds.map((matched, index) => this.#otherMember(new Set(matched), `${name}-${index}`)));
  }

  #otherMember(matched: ReadonlySet<string>, name: string): Expression {
    const schemas = this.#nodes.flatMap((node) => this.#schemasIn(node, undefined, matched));
    const isClosed =
      this.#grammar.unlisted === "where-nothing-is-listed" &&
      matched.size === 0 &&
      this.names.length > 0 &&
      this.#nodes.every((node) => keywordsOf(node)["additionalProperties"] === undefined);
    if (isClosed || schemas.some(({ schema }) => schema === false)) return nothing;
    const key = this.#otherKey(matched, name);
    return sequence(key, colon(), this.#grammar.value(schemas));
  }

  /** Keys that match exactly these patterns, and are not listed. */
  #otherKey(matched: ReadonlySet<string>, name: string): Expression {
    if (this.#patterns.size === 0 && this.names.length === 0 && this.#keys === undefined) return jsonString;
    let keys = this.#keys ?? automatonOf(repeat(characters(allCharacters), 0));
    for (const [pattern, automaton] of this.#patterns) {
      keys = matched.has(pattern) ? intersect(keys, automaton) : subtract(keys, automaton);
    }
    if (this.names.length > 0) keys = subtract(keys, automatonOfTexts(this.names));
    return isEmptyAutomaton(keys) ? nothing : quoted(automatonExpression(keys, name, this.#grammar.addRule));
  }

  #schemasIn(
    node: SchemaNode,
    name: string | undefined,
    matched: ReadonlySet<string>,
  ): readonly SchemaNode[] {
    const { document } = this.#grammar;
    const schemas: SchemaNode[] = [];
    const isListed = (other: SchemaNode) => name !== undefined && hasName(other, "properties", name);
    const patternsOf = (other: SchemaNode) =>
      readNames(other, "patternProperties").filter((pattern) => matched.has(pattern));
    if (name !== undefined && isListed(node)) schemas.push(document.child(node, "properties", name));
    for (const pattern of patternsOf(node)) schemas.push(document.child(node, "patternProperties", pattern));
    const isExtra = schemas.length === 0;
    if (isExtra && keywordsOf(node)["additionalProperties"] !== undefined) {
      schemas.push(document.child(node, "additionalProperties"));
    }
    if (keywordsOf(node)["unevaluatedProperties"] !== undefined) {
      const evaluating = evaluatingSchemas(document, node);
      if (evaluating === undefined) {
        this.#grammar.report(node, "unevaluatedProperties", "what is evaluated depends on the value");
        return schemas;
      }
      const isEvaluated = evaluating.some(
        (other) =>
          isListed(other) ||
          patternsOf(other).length > 0 ||
          keywordsOf(other)["additionalProperties"] !== undefined ||
          (other !== node && keywordsOf(other)["unevaluatedProperties"] !== undefined),
      );
      if (!isEvaluated) schemas.push(document.child(node, "unevaluatedProperties"));
    }
    return schemas;
  }

  #matches(pattern: string, name: string): boolean {
    const automaton = this.#patterns.get(pattern);
    return automaton !== undefined && automatonMatches(automaton, name);
  }

  /** Keys that every `propertyNames` allows; undefined for all. */
  #propertyNames(): Automaton | undefined {
    const nodes = this.#nodes.flatMap((node) =>
      keywordsOf(node)["propertyNames"] === undefined
        ? []
        : [this.#grammar.document.child(node, "propertyNames")],
    );
    if (nodes.length === 0) return undefined;
    const alternatives = schemaAlternatives(this.#grammar.document, nodes, this.#grammar.report).map(
      keyAutomaton,
    );
    return alternatives.reduce(union, automatonOf(nothing));
  }
}

function keyAutomaton(nodes: readonly SchemaNode[]): Automaton {
  const isText = nodes.map(readTypes).every((types) => types === undefined || types.includes("string"));
  if (!isText) return automatonOf(nothing);
  const literals = nodes.flatMap((node) => {
    const values = readLiterals(node);
    return values === undefined
      ? []
      : [automatonOfTexts(values.filter((value) => typeof value === "string"))];
  });
  return literals.reduce(intersect, stringAutomaton(stringConstraint(nodes)));
}
