import { type Automaton, automatonOf, intersect } from "./automaton.ts";
import { characterSet } from "./characters.ts";
import { characters, type Expression, nothing, optional, repeat, sequence, text } from "./expression.ts";
import { jsonInteger, jsonNumber } from "./json-text.ts";
import { notEnumKeyword } from "./negate-schema.ts";
import { decimalRange, integerRange, type NumberBound } from "./number-range.ts";
import { regexExpression } from "./regex-expression.ts";
import type { ReportUnsupported } from "./schema-alternatives.ts";
import type { SchemaNode } from "./schema-document.ts";
import { keywordsOf, readNumber } from "./schema-keywords.ts";
import { type AddRule, automatonExpression, type CharacterWriter } from "./string-language.ts";

/** A remainder is one state of an automaton; larger divisors make grammars that slow every token. */
const maxDivisor = 1000;

// Digits are written as they are. No number goes on with anything.
const plainWriter: CharacterWriter = { one: characters, any: nothing };

interface NumberConstraint {
  readonly min: NumberBound | undefined;
  readonly max: NumberBound | undefined;
  readonly divisors: readonly number[];
}

/** JSON text of every number that a list of schemas allows. */
export function numberExpression(
  nodes: readonly SchemaNode[],
  options: {
    readonly kind: "number" | "integer" | "fraction";
    readonly name: string;
    readonly addRule: AddRule;
    readonly report: ReportUnsupported;
  },
): Expression {
  const constraint = numberConstraint(nodes);
  for (const node of nodes) {
    const values = keywordsOf(node)[notEnumKeyword];
    const hasNumber = Array.isArray(values) && values.some((value) => typeof value === "number");
    if (hasNumber) options.report(node, "not", "single numbers cannot be excluded");
  }
  if (options.kind === "fraction") return fractions(nodes, constraint, options);
  if (options.kind === "integer" || constraint.divisors.some((divisor) => Number.isInteger(divisor))) {
    return integers(nodes, constraint, options);
  }
  const { min, max, divisors } = constraint;
  const [divisor] = divisors;
  if (divisor === undefined)
    return min === undefined && max === undefined ? jsonNumber : decimalRange(min, max);
  const places = decimalPlaces(divisor);
  if (places === undefined || divisors.length > 1 || min !== undefined || max !== undefined) {
    reportAll(nodes, options.report);
    return min === undefined && max === undefined ? jsonNumber : decimalRange(min, max);
  }
  const digit = characters(characterSet([[0x30, 0x39]]));
  return sequence(jsonInteger, optional(sequence(text("."), repeat(digit, 1, places))));
}

function numberConstraint(nodes: readonly SchemaNode[]): NumberConstraint {
  const bounds = (keyword: string, isExclusive: boolean): readonly NumberBound[] =>
    nodes.flatMap((node) => {
      const value = readNumber(node, keyword);
      return value === undefined ? [] : [{ value, isExclusive }];
    });
  const tightest = (list: readonly NumberBound[], sign: number): NumberBound | undefined =>
    list.toSorted(
      (left, right) =>
        sign * (right.value - left.value) || Number(right.isExclusive) - Number(left.isExclusive),
    )[0];
  return {
    min: tightest([...bounds("minimum", false), ...bounds("exclusiveMinimum", true)], 1),
    max: tightest([...bounds("maximum", false), ...bounds("exclusiveMaximum", true)], -1),
    divisors: [...new Set(nodes.flatMap((node) => readNumber(node, "multipleOf") ?? []))],
  };
}

function integers(
  nodes: readonly SchemaNode[],
  { min, max, divisors }: NumberConstraint,
  options: { readonly name: string; readonly addRule: AddRule; readonly report: ReportUnsupported },
): Expression {
  const low =
    min === undefined ? undefined : BigInt(Math.floor(min.value)) + (isReached(min, Math.floor) ? 0n : 1n);
  const high =
    max === undefined ? undefined : BigInt(Math.ceil(max.value)) - (isReached(max, Math.ceil) ? 0n : 1n);
  const range = low === undefined && high === undefined ? undefined : integerRange(low, high);
  // Every integer is a multiple of 1, of 0.5, of 0.1.
  const real = divisors.filter((divisor) => !Number.isInteger(1 / divisor));
  if (real.length === 0) return range ?? jsonInteger;
  if (!real.every((divisor) => Number.isInteger(divisor) && divisor > 0 && divisor <= maxDivisor)) {
    reportAll(nodes, options.report);
    return range ?? jsonInteger;
  }
  const automaton = real
    .map(multiplesOf)
    .reduce(intersect, automatonOf(range ?? integerRange(undefined, undefined)));
  return automatonExpression(automaton, options.name, options.addRule, plainWriter);
}

/** Numbers that are not whole. */
function fractions(
  nodes: readonly SchemaNode[],
  { min, max, divisors }: NumberConstraint,
  options: { readonly name: string; readonly addRule: AddRule; readonly report: ReportUnsupported },
): Expression {
  if (divisors.some((divisor) => Number.isInteger(divisor))) return nothing;
  if (divisors.length > 0) reportAll(nodes, options.report);
  const broken = automatonOf(regexExpression("^-?(0|[1-9][0-9]{0,15})\\.[0-9]{0,15}[1-9]$"));
  const isFree = min === undefined && max === undefined;
  const automaton = isFree ? broken : intersect(broken, automatonOf(decimalRange(min, max)));
  return automatonExpression(automaton, options.name, options.addRule, plainWriter);
}

/** Whether the bound itself, rounded outwards, is within the range. */
function isReached(bound: NumberBound, round: (value: number) => number): boolean {
  return round(bound.value) === bound.value && !bound.isExclusive;
}

/** Decimal digits whose number is divisible: the state is the remainder so far. */
function multiplesOf(divisor: number): Automaton {
  const remainders = Array.from({ length: divisor }, (_, remainder) => ({
    accepts: remainder === 0,
    edges: Array.from({ length: 10 }, (_, digit) => ({
      set: characterSet([[0x30 + digit, 0x30 + digit]]),
      to: 1 + ((remainder * 10 + digit) % divisor),
    })),
  }));
  const first = remainders[0]?.edges ?? [];
  const sign = { set: characterSet([[0x2d, 0x2d]]), to: 1 };
  return { states: [{ accepts: false, edges: [...first, sign] }, ...remainders] };
}

/** For 0.1, 0.01 and so on: how many digits may follow the point. */
function decimalPlaces(divisor: number): number | undefined {
  const places = Array.from({ length: 10 }, (_, index) => index + 1);
  return places.find((count) => String(divisor) === String(Number(`1e-${count}`)));
}

function reportAll(nodes: readonly SchemaNode[], report: ReportUnsupported): void {
  const node = nodes.find((member) => keywordsOf(member)["multipleOf"] !== undefined);
  if (node !== undefined)
    report(node, "multipleOf", "this divisor, alone or with these bounds, cannot be enforced");
}
