import { GrammarError } from "../errors.ts";
import { arrayExpression } from "./array-expression.ts";
import { choice, type Expression, nothing, rule } from "./expression.ts";
import { grammarTooLong, leastChars } from "./grammar-length.ts";
import { jsonArray, jsonObject, jsonRules, jsonValue, literal } from "./json-text.ts";
import { matchesSchema } from "./matches-schema.ts";
import { notEnumKeyword } from "./negate-schema.ts";
import { numberExpression } from "./number-language.ts";
import { objectExpression } from "./object-expression.ts";
import { type ReportUnsupported, schemaAlternatives } from "./schema-alternatives.ts";
import type { SchemaDocument, SchemaNode } from "./schema-document.ts";
import type { SchemaGrammar, UnlistedProperties } from "./schema-grammar.ts";
import {
  type JsonType,
  jsonTypes,
  keywordsOf,
  readLiterals,
  readTypes,
  typeOfJson,
} from "./schema-keywords.ts";
import { stringConstraint, stringExpression } from "./string-language.ts";
import { textChoice } from "./text-choice.ts";

/** Guards time and memory against schemas whose parts combine without end. */
const maxRules = 10_000;
/** Whatever its rules are, no grammar of this size can be used. */
const defaultMaxChars = 1_000_000;

/**
 * Turns conjunctions of schemas into grammar rules, one rule for each conjunction, so that recursive schemas
 * become recursive rules.
 */
export class SchemaCompiler implements SchemaGrammar {
  readonly document: SchemaDocument;
  readonly unlisted: UnlistedProperties;
  readonly report: ReportUnsupported;
  readonly rules: Map<string, Expression>;
  readonly #names = new Map<string, string>();
  readonly #suffixes = new Map<string, number>();
  readonly #maxChars: number;
  #chars = 0;

  /** @param rules of a grammar to add to */
  constructor(
    document: SchemaDocument,
    options: {
      readonly unlisted: UnlistedProperties;
      readonly report: ReportUnsupported;
      readonly rules?: Map<string, Expression>;
      /** Longest grammar that may come out. */
      readonly maxChars?: number | undefined;
    },
  ) {
    this.document = document;
    this.unlisted = options.unlisted;
    this.report = options.report;
    this.rules = options.rules ?? jsonRules();
    this.#maxChars = options.maxChars ?? defaultMaxChars;
  }

  /** JSON text of every value that satisfies all of the schemas. */
  value(nodes: readonly SchemaNode[]): Expression {
    if (nodes.some(({ schema }) => schema === false)) return nothing;
    const demanding = nodes.filter(({ schema }) => schema !== true && Object.keys(schema).length > 0);
    if (demanding.length === 0) return jsonValue;
    const key = [...new Set(demanding.map(({ pointer }) => pointer))].sort().join(" ");
    const known = this.#names.get(key);
    if (known !== undefined) return rule(known);
    const name = this.freshName(demanding[0]?.pointer ?? "");
    this.#names.set(key, name);
    // Reserves the rule's place before those that it leads to.
    this.rules.set(name, nothing);
    const alternatives = schemaAlternatives(this.document, demanding, this.report);
    this.addRule(
      name,
      choice(...alternatives.map((members, index) => this.#alternative(members, `${name}-${index}`))),
    );
    return rule(name);
  }

  addRule = (name: string, expression: Expression): void => {
    this.rules.set(name, expression);
    this.#chars += name.length + leastChars(expression);
    if (this.#chars > this.#maxChars) grammarTooLong(this.#maxChars);
    if (this.rules.size > maxRules) {
      throw new GrammarError(
        "GRAMMAR_LIMIT",
        `The schema needs more than ${maxRules} grammar rules; simplify it`,
      );
    }
  };

  /** A rule name that tells the place in the schema. */
  freshName(pointer: string): string {
    const words =
      pointer
        .replace(/[^a-zA-Z0-9]+/g, "-")
        .replace(/^-|-$/g, "")
        .slice(-40) || "schema";
    let name = `s-${words}`;
    let count = this.#suffixes.get(words) ?? 2;
    for (; this.rules.has(name); count += 1) name = `s-${words}-${count}`;
    this.#suffixes.set(words, count);
    return name;
  }

  #alternative(nodes: readonly SchemaNode[], name: string): Expression {
    const literals = nodes.map(readLiterals).find((values) => values !== undefined);
    if (literals !== undefined) {
      const valid = literals.filter(
        (value) =>
          nodes.every((node) => matchesSchema(this.document, node, value)) && !isExcluded(nodes, value),
      );
      return textChoice(valid.map((value) => JSON.stringify(value)));
    }
    const types = nodes.map(readTypes);
    const allowed = jsonTypes.filter((type) =>
      types.every((list) => list === undefined || list.includes(type)),
    );
    const isNumber = allowed.includes("integer") && allowed.includes("fraction");
    const wanted = isNumber ? allowed.filter((type) => type !== "fraction") : allowed;
    return choice(
      ...wanted.map((type) => {
        const kind = isNumber && type === "integer" ? "number" : type;
        return this.#ofType(kind, nodes, `${name}-${kind}`);
      }),
    );
  }

  #ofType(type: JsonType | "number", nodes: readonly SchemaNode[], name: string): Expression {
    switch (type) {
      case "null":
        return isExcluded(nodes, null) ? nothing : literal(null);
      case "boolean":
        return choice(...[true, false].filter((value) => !isExcluded(nodes, value)).map(literal));
      case "number":
      case "integer":
      case "fraction":
        return numberExpression(nodes, {
          kind: type,
          name,
          addRule: this.addRule,
          report: this.report,
        });
      case "string":
        return stringExpression(stringConstraint(nodes), name, this.addRule);
      case "array":
        this.#reportExcluded(nodes, "array");
        return arrayExpression(this, nodes, name) ?? jsonArray;
      case "object":
        this.#reportExcluded(nodes, "object");
        return objectExpression(this, nodes, name) ?? jsonObject;
    }
  }

  #reportExcluded(nodes: readonly SchemaNode[], type: JsonType): void {
    for (const node of nodes) {
      const values = keywordsOf(node)[notEnumKeyword];
      const hasType = Array.isArray(values) && values.some((value) => typeOfJson(value) === type);
      if (hasType) this.report(node, "not", `single ${type}s cannot be excluded`);
    }
  }
}

function isExcluded(nodes: readonly SchemaNode[], value: unknown): boolean {
  return nodes.some((node) => {
    const values = keywordsOf(node)[notEnumKeyword];
    // Plain values only: objects and arrays are reported by their type.
    return Array.isArray(values) && values.some((other) => JSON.stringify(other) === JSON.stringify(value));
  });
}
