import {
  type Automaton,
  automatonOf,
  automatonOfTexts,
  complement,
  intersect,
  isEmptyAutomaton,
} from "./automaton.ts";
import { allCharacters, type CharacterSet, subtractCharacters } from "./characters.ts";
import { characters, choice, type Expression, empty, nothing, repeat, rule, sequence } from "./expression.ts";
import { formatExpression } from "./formats.ts";
import { anyCharacter, inJsonString, jsonCharacters, jsonString, quoted } from "./json-text.ts";
import { notEnumKeyword, notPatternKeyword } from "./negate-schema.ts";
import { regexExpression } from "./regex-expression.ts";
import type { SchemaNode } from "./schema-document.ts";
import { keywordsOf, readCount, readText } from "./schema-keywords.ts";

/** What a list of schemas asks of a string. */
export interface StringConstraint {
  readonly minLength: number;
  readonly maxLength: number;
  /** Languages in all of which the text must be. */
  readonly languages: readonly Expression[];
  /** Languages in none of which it may be. */
  readonly excluded: readonly Expression[];
  readonly excludedTexts: readonly string[];
}

/** Takes new rules of a grammar. */
export type AddRule = (name: string, expression: Expression) => void;

export function stringConstraint(nodes: readonly SchemaNode[]): StringConstraint {
  const patterns = nodes.flatMap((node) => readText(node, "pattern") ?? []);
  const formats = nodes.flatMap((node) => formatExpression(readText(node, "format") ?? "") ?? []);
  const notPatterns = nodes.flatMap((node) => readText(node, notPatternKeyword) ?? []);
  const notEnums = nodes.flatMap((node) => {
    const values = keywordsOf(node)[notEnumKeyword];
    return Array.isArray(values) ? values : [];
  });
  return {
    minLength: Math.max(0, ...nodes.map((node) => readCount(node, "minLength") ?? 0)),
    maxLength: Math.min(...nodes.map((node) => readCount(node, "maxLength") ?? Number.POSITIVE_INFINITY)),
    languages: [...new Set(patterns)].map(regexExpression).concat(formats),
    excluded: notPatterns.map(regexExpression),
    excludedTexts: notEnums.filter((value) => typeof value === "string"),
  };
}

/** JSON text of every string that a constraint allows. */
export function stringExpression(constraint: StringConstraint, name: string, addRule: AddRule): Expression {
  const { minLength, maxLength, languages, excluded, excludedTexts } = constraint;
  const isLengthFree = minLength === 0 && maxLength === Number.POSITIVE_INFINITY;
  const isPlain = excluded.length === 0 && excludedTexts.length === 0;
  if (isPlain && languages.length === 0) {
    return isLengthFree ? jsonString : quoted(repeat(anyCharacter, minLength, maxLength));
  }
  const [only] = languages;
  if (isPlain && isLengthFree && languages.length === 1 && only !== undefined)
    return quoted(inJsonString(only));
  return quoted(automatonExpression(stringAutomaton(constraint), name, addRule));
}

/** The same as an automaton, for strings on which several demands are made at once. */
export function stringAutomaton(constraint: StringConstraint): Automaton {
  const { minLength, maxLength, languages, excluded, excludedTexts } = constraint;
  const isLengthFree = minLength === 0 && maxLength === Number.POSITIVE_INFINITY;
  const lengths = repeat(characters(allCharacters), minLength, maxLength);
  const required = (isLengthFree && languages.length > 0 ? languages : [lengths, ...languages]).map(
    automatonOf,
  );
  const refused = excluded
    .map(automatonOf)
    .concat(excludedTexts.length > 0 ? [automatonOfTexts(excludedTexts)] : []);
  return required.concat(refused.map(complement)).reduce(intersect);
}

/** How a rule writes one character of a set, and any text at all. */
export interface CharacterWriter {
  readonly one: (set: CharacterSet) => Expression;
  readonly any: Expression;
}

/** A class of this many ranges gets a rule of its own: it may stand in hundreds of states. */
const manyRanges = 8;

const jsonWriter: CharacterWriter = { one: jsonCharacters, any: repeat(anyCharacter, 0) };

/** What an automaton accepts, as a rule for every state; by default in JSON text without quotes. */
export function automatonExpression(
  automaton: Automaton,
  name: string,
  addRule: AddRule,
  writer: CharacterWriter = jsonWriter,
): Expression {
  if (isEmptyAutomaton(automaton)) return nothing;
  const isUniversal = (state: number): boolean => {
    const { accepts, edges } = automaton.states[state] ?? { accepts: false, edges: [] };
    const [edge] = edges;
    return accepts && edge?.to === state && subtractCharacters(allCharacters, edge.set).length === 0;
  };
  const target = (state: number): Expression => {
    if (isUniversal(state)) return writer.any;
    const { accepts, edges } = automaton.states[state] ?? { accepts: false, edges: [] };
    // A last character needs no rule after it.
    return accepts && edges.length === 0 ? empty : rule(`${name}-${state}`);
  };
  const classes = new Map<CharacterSet, Expression>();
  const oneOf = (set: CharacterSet): Expression => {
    if (set.length < manyRanges) return writer.one(set);
    const known = classes.get(set);
    if (known !== undefined) return known;
    addRule(`${name}-class-${classes.size}`, writer.one(set));
    const named = rule(`${name}-class-${classes.size}`);
    classes.set(set, named);
    return named;
  };
  for (const [state, { accepts, edges }] of automaton.states.entries()) {
    if (isUniversal(state)) continue;
    const onward = edges.map(({ set, to }) => sequence(oneOf(set), target(to)));
    addRule(`${name}-${state}`, choice(...(accepts ? [empty] : []), ...onward));
  }
  return target(0);
}
