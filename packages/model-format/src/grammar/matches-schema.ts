import { GrammarError } from "../errors.ts";
import { automatonMatches, automatonOf } from "./automaton.ts";
import { formatExpression } from "./formats.ts";
import { isRecord, type SchemaDocument, type SchemaNode } from "./schema-document.ts";
import {
  isSameJson,
  keywordsOf,
  readCount,
  readLength,
  readLiterals,
  readNames,
  readNumber,
  readText,
  readTexts,
  readTypes,
  typeOfJson,
} from "./schema-keywords.ts";

/** Guards against references that multiply: each may lead to several more. */
const maxSteps = 100_000;

/** A document, and the way on which the checking of one value has come. */
interface Checking {
  readonly document: SchemaDocument;
  /** Schemas that this very value is being checked against: one that leads to itself asks nothing more. */
  readonly trail: ReadonlySet<string>;
  readonly count: { steps: number };
}

/**
 * Whether a value satisfies a schema. For the fixed values that a schema itself names: they are checked
 * when the grammar is made, and those that could never be valid are left out of it.
 * @throws GrammarError `GRAMMAR_LIMIT`
 */
export function matchesSchema(document: SchemaDocument, node: SchemaNode, value: unknown): boolean {
  return matches({ document, trail: new Set(), count: { steps: 0 } }, node, value);
}

function matches(checking: Checking, node: SchemaNode, value: unknown): boolean {
  if (typeof node.schema === "boolean") return node.schema;
  if (checking.trail.has(node.pointer)) return true;
  checking.count.steps += 1;
  if (checking.count.steps > maxSteps) {
    throw new GrammarError(
      "GRAMMAR_LIMIT",
      "Checking the schema's fixed values against it takes too long; simplify it",
    );
  }
  const here = { ...checking, trail: new Set([...checking.trail, node.pointer]) };
  const inner = { ...checking, trail: new Set<string>() };
  return (
    matchesTypeAndLiterals(node, value) &&
    matchesReferences(here, node, value) &&
    (typeof value !== "string" || matchesText(node, value)) &&
    (typeof value !== "number" || matchesNumber(node, value)) &&
    (!Array.isArray(value) || matchesArray(inner, node, value)) &&
    (!isRecord(value) || matchesObject(inner, here, node, value))
  );
}

function matchesTypeAndLiterals(node: SchemaNode, value: unknown): boolean {
  const types = readTypes(node);
  const literals = readLiterals(node);
  const isType = types === undefined || types.includes(typeOfJson(value));
  return isType && (literals === undefined || includesJson(literals, value));
}

// Every value of a list is looked up in that list: in one with thousands, comparing each with each takes seconds.
const plainValues = new WeakMap<readonly unknown[], ReadonlySet<unknown>>();

function includesJson(list: readonly unknown[], value: unknown): boolean {
  if (typeof value === "object" && value !== null) return list.some((item) => isSameJson(item, value));
  const known = plainValues.get(list) ?? new Set(list);
  plainValues.set(list, known);
  return known.has(value);
}

function matchesReferences(checking: Checking, node: SchemaNode, value: unknown): boolean {
  const { document } = checking;
  const keywords = keywordsOf(node);
  const holds = (...path: readonly (string | number)[]) =>
    matches(checking, document.child(node, ...path), value);
  const reference = readText(node, "$ref");
  if (reference !== undefined && !matches(checking, document.resolve(node, reference), value)) return false;
  const dynamic = readText(node, "$dynamicRef");
  if (dynamic !== undefined && !matches(checking, document.resolveDynamic(node, dynamic), value))
    return false;
  const count = (keyword: string) =>
    Array.from({ length: readLength(node, keyword) }, (_, index) => index).filter((index) =>
      holds(keyword, index),
    ).length;
  if (count("allOf") < readLength(node, "allOf")) return false;
  if (keywords["anyOf"] !== undefined && count("anyOf") === 0) return false;
  if (keywords["oneOf"] !== undefined && count("oneOf") !== 1) return false;
  if (keywords["not"] !== undefined && holds("not")) return false;
  if (keywords["if"] === undefined) return true;
  const branch = holds("if") ? "then" : "else";
  return keywords[branch] === undefined || holds(branch);
}

function matchesText(node: SchemaNode, value: string): boolean {
  const length = Array.from(value).length;
  const pattern = readText(node, "pattern");
  const format = formatExpression(readText(node, "format") ?? "");
  return (
    length >= (readCount(node, "minLength") ?? 0) &&
    length <= (readCount(node, "maxLength") ?? length) &&
    (pattern === undefined || matchesPattern(pattern, value)) &&
    (format === undefined || automatonMatches(automatonOf(format), value))
  );
}

/** As the platform's own regular expressions see it. */
function matchesPattern(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return new RegExp(pattern).test(value);
  }
}

function matchesNumber(node: SchemaNode, value: number): boolean {
  const step = readNumber(node, "multipleOf");
  return (
    value >= (readNumber(node, "minimum") ?? value) &&
    value <= (readNumber(node, "maximum") ?? value) &&
    value > (readNumber(node, "exclusiveMinimum") ?? Number.NEGATIVE_INFINITY) &&
    value < (readNumber(node, "exclusiveMaximum") ?? Number.POSITIVE_INFINITY) &&
    (step === undefined || Number.isInteger(value / step))
  );
}

function matchesArray(checking: Checking, node: SchemaNode, value: readonly unknown[]): boolean {
  const { document } = checking;
  const keywords = keywordsOf(node);
  const prefix = readLength(node, "prefixItems");
  const itemsAreValid = value.every((item, index) => {
    if (index < prefix) return matches(checking, document.child(node, "prefixItems", index), item);
    return keywords["items"] === undefined || matches(checking, document.child(node, "items"), item);
  });
  const contained =
    keywords["contains"] === undefined
      ? undefined
      : value.filter((item) => matches(checking, document.child(node, "contains"), item)).length;
  const isUnique = value.every((item, index) =>
    value.slice(0, index).every((other) => !isSameJson(item, other)),
  );
  return (
    itemsAreValid &&
    value.length >= (readCount(node, "minItems") ?? 0) &&
    value.length <= (readCount(node, "maxItems") ?? value.length) &&
    (contained === undefined ||
      (contained >= (readCount(node, "minContains") ?? 1) &&
        contained <= (readCount(node, "maxContains") ?? contained))) &&
    (keywords["uniqueItems"] !== true || isUnique)
  );
}

function matchesObject(
  checking: Checking,
  here: Checking,
  node: SchemaNode,
  value: Readonly<Record<string, unknown>>,
): boolean {
  const { document } = checking;
  const keywords = keywordsOf(node);
  const names = Object.keys(value);
  const declared = readNames(node, "properties");
  const patterns = readNames(node, "patternProperties");
  const holds = (name: string, ...path: readonly string[]) =>
    matches(checking, document.child(node, ...path), value[name]);
  const valuesAreValid = names.every((name) => {
    const matched = patterns.filter((pattern) => matchesPattern(pattern, name));
    const isDeclared = declared.includes(name);
    if (isDeclared && !holds(name, "properties", name)) return false;
    if (!matched.every((pattern) => holds(name, "patternProperties", pattern))) return false;
    const isExtra = !isDeclared && matched.length === 0;
    return !isExtra || keywords["additionalProperties"] === undefined || holds(name, "additionalProperties");
  });
  const namesAreValid =
    keywords["propertyNames"] === undefined ||
    names.every((name) => matches(checking, document.child(node, "propertyNames"), name));
  const dependentRequired = keywords["dependentRequired"];
  const dependenciesHold = readNames(node, "dependentRequired").every((name) => {
    const needed: unknown = isRecord(dependentRequired) ? dependentRequired[name] : [];
    return (
      !names.includes(name) ||
      (Array.isArray(needed) && needed.every((other) => names.includes(String(other))))
    );
  });
  const dependentSchemasHold = readNames(node, "dependentSchemas").every(
    (name) => !names.includes(name) || matches(here, document.child(node, "dependentSchemas", name), value),
  );
  return (
    valuesAreValid &&
    namesAreValid &&
    dependenciesHold &&
    dependentSchemasHold &&
    readTexts(node, "required").every((name) => names.includes(name)) &&
    names.length >= (readCount(node, "minProperties") ?? 0) &&
    names.length <= (readCount(node, "maxProperties") ?? names.length)
  );
}
