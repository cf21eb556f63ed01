import { GrammarError } from "../errors.ts";
import { areDisjoint } from "./disjoint-schemas.ts";
import { negateSchema } from "./negate-schema.ts";
import type { SchemaDocument, SchemaNode, SchemaObject } from "./schema-document.ts";
import { keywordsOf, readLength, readNames, readText } from "./schema-keywords.ts";

/** What to do with a keyword that the grammar cannot enforce. */
export type ReportUnsupported = (node: SchemaNode, keyword: string, reason: string) => void;

/** Guards against products of alternatives (ten branches in each of four places make ten thousand). */
const maxAlternatives = 512;

/**
 * Takes a conjunction of schemas apart into alternatives, each a list of schemas whose own keywords must all hold:
 * references, allOf, anyOf, oneOf, if, not and dependencies are resolved away.
 * An empty list means that nothing can satisfy the conjunction.
 * @throws GrammarError `GRAMMAR_LIMIT`
 */
export function schemaAlternatives(
  document: SchemaDocument,
  nodes: readonly SchemaNode[],
  report: ReportUnsupported,
): readonly (readonly SchemaNode[])[] {
  return new AlternativeFinder(document, report).find(nodes);
}

class AlternativeFinder {
  readonly #document: SchemaDocument;
  readonly #report: ReportUnsupported;
  #found = 0;

  constructor(document: SchemaDocument, report: ReportUnsupported) {
    this.#document = document;
    this.#report = report;
  }

  find(nodes: readonly SchemaNode[]): readonly (readonly SchemaNode[])[] {
    return this.#expand([...nodes], new Map(), []);
  }

  #expand(
    pending: readonly SchemaNode[],
    done: ReadonlyMap<string, SchemaNode>,
    groups: readonly (readonly SchemaNode[])[],
  ): readonly (readonly SchemaNode[])[] {
    const members = new Map(done);
    const open = [...groups];
    const waiting = [...pending];
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      if (node.schema === false) return [];
      if (node.schema === true || members.has(node.pointer)) continue;
      members.set(node.pointer, node);
      waiting.push(...this.#consequences(node));
      open.push(...this.#choices(node));
    }
    const [first, ...rest] = open;
    if (first === undefined) {
      this.#found += 1;
      if (this.#found > maxAlternatives) {
        const text = `The schema has more than ${maxAlternatives} combinations of alternatives in one place; simplify it`;
        throw new GrammarError("GRAMMAR_LIMIT", text, { details: { pointer: pending[0]?.pointer ?? "" } });
      }
      return [[...members.values()]];
    }
    return first.flatMap((branch) => this.#expand([branch], members, rest));
  }

  /** Schemas that must hold as well. */
  #consequences(node: SchemaNode): readonly SchemaNode[] {
    const document = this.#document;
    const reference = readText(node, "$ref");
    const dynamic = readText(node, "$dynamicRef");
    return [
      ...(reference === undefined ? [] : [document.resolve(node, reference)]),
      ...(dynamic === undefined ? [] : [document.resolveDynamic(node, dynamic)]),
      ...this.#members(node, "allOf"),
      ...this.#negation(node),
    ];
  }

  /** Lists of schemas of which one each must hold. */
  #choices(node: SchemaNode): readonly (readonly SchemaNode[])[] {
    const keywords = keywordsOf(node);
    return [
      ...(keywords["anyOf"] === undefined ? [] : [this.#members(node, "anyOf")]),
      ...(keywords["oneOf"] === undefined ? [] : [this.#exclusiveMembers(node)]),
      ...this.#conditions(node),
      ...this.#dependencies(node),
    ];
  }

  #members(node: SchemaNode, keyword: string): readonly SchemaNode[] {
    return Array.from({ length: readLength(node, keyword) }, (_, index) =>
      this.#document.child(node, keyword, index),
    );
  }

  /** Members of `oneOf`; where two could hold at once, each is narrowed to what the others refuse. */
  #exclusiveMembers(node: SchemaNode): readonly SchemaNode[] {
    const members = this.#members(node, "oneOf");
    return members.map((member, index) => {
      const others = members.filter(
        (other, at) => at !== index && !areDisjoint(this.#document, member, other),
      );
      if (others.length === 0) return member;
      const negated = others.map((other) => this.#negate(other));
      if (negated.some((schema) => schema === undefined)) {
        this.#report(
          node,
          "oneOf",
          "its branches overlap, and that only one of them holds cannot be enforced",
        );
        return member;
      }
      const schema = { allOf: [member.schema, ...negated.map((other) => other?.schema ?? true)] };
      return this.#document.synthetic(member, "only", schema);
    });
  }

  #negation(node: SchemaNode): readonly SchemaNode[] {
    if (keywordsOf(node)["not"] === undefined) return [];
    const negated = this.#negate(this.#document.child(node, "not"));
    if (negated === undefined) this.#report(node, "not", "what it excludes has no counterpart in a grammar");
    return negated === undefined ? [] : [negated];
  }

  #negate(node: SchemaNode): SchemaNode | undefined {
    const reference = readText(node, "$ref");
    // Named after its target, so that a negated recursion ends.
    const isReference = reference !== undefined && Object.keys(keywordsOf(node)).length === 1;
    const target = isReference ? this.#document.resolve(node, reference) : node;
    const schema = negateSchema(target);
    return schema === undefined ? undefined : this.#document.synthetic(target, "not", schema);
  }

  #conditions(node: SchemaNode): readonly (readonly SchemaNode[])[] {
    const keywords = keywordsOf(node);
    const isThere =
      keywords["if"] !== undefined && (keywords["then"] !== undefined || keywords["else"] !== undefined);
    if (!isThere) return [];
    const document = this.#document;
    const condition = document.child(node, "if");
    const negated = this.#negate(condition);
    if (negated === undefined) {
      this.#report(node, "if", "what fails it has no counterpart in a grammar");
      return [];
    }
    const both = (name: string, first: SchemaNode, second: string) =>
      document.synthetic(node, name, { allOf: [first.schema, keywords[second] ?? true] });
    return [[both("then", condition, "then"), both("else", negated, "else")]];
  }

  #dependencies(node: SchemaNode): readonly (readonly SchemaNode[])[] {
    const keywords = keywordsOf(node);
    const absent = (name: string): SchemaObject => ({ properties: { [name]: false } });
    const either = (name: string, present: SchemaObject, kind: string) => [
      this.#document.synthetic(node, `${kind}/${name}/absent`, absent(name)),
      this.#document.synthetic(node, `${kind}/${name}/present`, present),
    ];
    const under = (keyword: string, name: string): unknown => {
      const value = keywords[keyword];
      return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
    };
    return [
      ...readNames(node, "dependentRequired").map((name) => {
        const needed = under("dependentRequired", name);
        return either(
          name,
          { required: [name, ...(Array.isArray(needed) ? needed : [])] },
          "dependentRequired",
        );
      }),
      ...readNames(node, "dependentSchemas").map((name) =>
        either(name, { required: [name], allOf: [under("dependentSchemas", name)] }, "dependentSchemas"),
      ),
    ];
  }
}
