import { equalsAny, isLess } from "./compare.ts";
import { FunctionFailure } from "./errors.ts";
import { escapeHtml, escapeJs, escapeQuery } from "./escape.ts";
import { printValue, sprint } from "./print-value.ts";
import { sprintf } from "./printf.ts";
import { byteAt, byteLength, GoMap, GoSlice, GoStruct, type GoValue, isTrue, sliceBytes, typeName } from "./values.ts";

/** A function that templates may call. */
export interface TemplateFunction {
  /** Fewest and most arguments. */
  readonly min: number;
  readonly max: number;
  /** How many of the first arguments must be strings; 0. */
  readonly stringArguments?: number;
  readonly call: (args: readonly GoValue[]) => GoValue;
}

export type TemplateFunctions = ReadonlyMap<string, TemplateFunction>;

const any = Number.POSITIVE_INFINITY;

function define(min: number, max: number, call: TemplateFunction["call"]): TemplateFunction {
  return { min, max, call };
}

const at = (args: readonly GoValue[], index: number): GoValue => args[index] ?? null;

/** The functions every Go template has. `and` and `or` are evaluated lazily and stand here for their names and counts. */
export const builtinFunctions: TemplateFunctions = new Map<string, TemplateFunction>([
  ["and", define(1, any, (args) => args.find((arg) => !isTrue(arg)) ?? at(args, args.length - 1))],
  ["or", define(1, any, (args) => args.find(isTrue) ?? at(args, args.length - 1))],
  ["not", define(1, 1, (args) => !isTrue(at(args, 0)))],
  ["eq", define(1, any, (args) => equalsAny(at(args, 0), args.slice(1)))],
  ["ne", define(2, 2, (args) => !equalsAny(at(args, 0), [at(args, 1)]))],
  ["lt", define(2, 2, (args) => isLess(at(args, 0), at(args, 1)))],
  ["le", define(2, 2, (args) => isLess(at(args, 0), at(args, 1)) || equalsAny(at(args, 0), [at(args, 1)]))],
  ["gt", define(2, 2, (args) => !isLess(at(args, 0), at(args, 1)) && !equalsAny(at(args, 0), [at(args, 1)]))],
  ["ge", define(2, 2, (args) => !isLess(at(args, 0), at(args, 1)))],
  ["len", define(1, 1, (args) => length(at(args, 0)))],
  ["index", define(1, any, (args) => args.slice(1).reduce<GoValue>(indexOnce, at(args, 0)))],
  ["slice", define(1, any, (args) => slice(at(args, 0), args.slice(1)))],
  ["print", define(0, any, (args) => sprint(args))],
  ["println", define(0, any, (args) => `${args.map((arg) => printValue(arg)).join(" ")}\n`)],
  ["printf", { min: 1, max: any, stringArguments: 1, call: (args) => sprintf(String(at(args, 0)), args.slice(1)) }],
  ["html", define(0, any, (args) => escapeHtml(joined(args)))],
  ["js", define(0, any, (args) => escapeJs(joined(args)))],
  ["urlquery", define(0, any, (args) => escapeQuery(joined(args)))],
  [
    "call",
    define(1, any, (args) => {
      if (at(args, 0) === null) throw new FunctionFailure("call of nil");
      throw new FunctionFailure(`non-function of type ${typeName(at(args, 0))}`);
    }),
  ],
]);

/** The escaping functions print a lone argument as it is and several like `print`. */
function joined(args: readonly GoValue[]): string {
  const [only] = args;
  return args.length === 1 && typeof only === "string" ? only : sprint(args);
}

function length(value: GoValue): bigint {
  if (value === null) throw new FunctionFailure("len of nil pointer");
  if (typeof value === "string") return BigInt(byteLength(value));
  if (value instanceof GoSlice) return BigInt(value.items.length);
  if (value instanceof GoMap) return BigInt(value.entries.size);
  throw new FunctionFailure(`len of type ${typeName(value)}`);
}

function indexOnce(value: GoValue, index: GoValue): GoValue {
  if (value === null) throw new FunctionFailure("index of untyped nil");
  if (value instanceof GoMap) {
    if (typeof index === "string") return value.entries.get(index) ?? null;
    const given = index === null ? "nil" : typeName(index);
    throw new FunctionFailure(`value has type ${given}; should be string`);
  }
  if (value instanceof GoSlice) return value.items[position(index, value.items.length - 1)] ?? null;
  if (typeof value === "string") return BigInt(byteAt(value, position(index, byteLength(value) - 1)));
  throw new FunctionFailure(`can't index item of type ${typeName(value)}`);
}

/** @param last  greatest position allowed */
function position(index: GoValue, last: number): number {
  if (index === null) throw new FunctionFailure("cannot index slice/array with nil");
  if (typeof index !== "bigint") throw new FunctionFailure(`cannot index slice/array with type ${typeName(index)}`);
  if (index < 0n || index > BigInt(last)) throw new FunctionFailure(`index out of range: ${index}`);
  return Number(index);
}

function slice(value: GoValue, indexes: readonly GoValue[]): GoValue {
  if (value === null) throw new FunctionFailure("slice of untyped nil");
  if (indexes.length > 3) throw new FunctionFailure(`too many slice indexes: ${indexes.length}`);
  if (typeof value === "string" && indexes.length === 3) throw new FunctionFailure("cannot 3-index slice a string");
  if (typeof value !== "string" && !(value instanceof GoSlice)) {
    throw new FunctionFailure(`can't slice item of type ${typeName(value)}`);
  }
  const size = typeof value === "string" ? byteLength(value) : value.items.length;
  const [from = 0, to = size, capacity] = indexes.map((index) => position(index, size));
  if (from > to) throw new FunctionFailure(`invalid slice index: ${from} > ${to}`);
  if (capacity !== undefined && to > capacity) throw new FunctionFailure(`invalid slice index: ${to} > ${capacity}`);
  if (typeof value === "string") return sliceBytes(value, from, to);
  return new GoSlice(value.items.slice(from, to), value.typeName, value.behaviour.string ? rebind(value, from, to) : {});
}

/** A part of a slice that prints itself keeps doing so, with its own items. */
function rebind(value: GoSlice, from: number, to: number): GoSlice["behaviour"] {
  const items = value.items.slice(from, to);
  const json = () => `[${items.map((item) => (item instanceof GoStruct ? (item.behaviour.json?.() ?? "null") : "null")).join(",")}]`;
  return { json, string: json };
}
