import { byteAt, sliceBytes } from "./bytes.ts";
import { equals, equalsAny, isAtMost, isLess } from "./compare.ts";
import { FunctionFailure } from "./errors.ts";
import { escapeHtml, escapeJs, escapeQuery } from "./escape.ts";
import { printShown, printValue, sprint } from "./printer.ts";
import { sprintf } from "./printf.ts";
import { zeroOf } from "./read-field.ts";
import type { Value } from "./run-state.ts";
import {
  GoByte,
  GoBytes,
  GoMap,
  GoSlice,
  GoStruct,
  type GoValue,
  isTrue,
  lengthOf,
  pointedTypeName,
  typeName,
} from "./values.ts";

/** What a parameter takes: any value, nil for none; a string; or, for Go's own functions, the value as it was found. */
export type Parameter = "any" | "string" | "value";

/** A function that templates may call. */
export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  /** What any number of further arguments are. */
  readonly rest?: Parameter;
  /** @throws FunctionFailure for what Go's function returns as an error */
  readonly call: (...args: readonly Value[]) => Value;
  /** The same for two arguments, where they come often. */
  readonly pair?: (first: Value, second: Value) => Value;
}

export type TemplateFunctions = ReadonlyMap<string, TemplateFunction>;

function define(parameters: readonly Parameter[], call: TemplateFunction["call"]): TemplateFunction {
  return { parameters, call };
}

function variadic(
  parameters: readonly Parameter[],
  rest: Parameter,
  call: TemplateFunction["call"],
): TemplateFunction {
  return { parameters, rest, call };
}

const two = ["value", "value"] as const;

/** The functions every Go template has. `and` and `or` are evaluated lazily and stand here for their counts. */
export const builtinFunctions: TemplateFunctions = /* @__PURE__ */ builtins();

function builtins(): TemplateFunctions {
  return new Map<string, TemplateFunction>([
    ["and", variadic(["value"], "value", (...args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1))],
    ["or", variadic(["value"], "value", (...args) => args.find(isTrue) ?? args.at(-1))],
    ["not", define(["value"], (value) => !isTrue(value))],
    ["eq", { ...variadic(["value"], "value", equalsAny), pair: equals }],
    ["ne", define(two, (first, second) => !equals(first, second))],
    ["lt", define(two, isLess)],
    ["le", define(two, isAtMost)],
    ["gt", define(two, (first, second) => !isAtMost(first, second))],
    ["ge", define(two, (first, second) => !isLess(first, second))],
    ["len", define(["value"], length)],
    ["index", variadic(["value"], "value", index)],
    ["slice", variadic(["value"], "value", slice)],
    ["print", variadic([], "any", (...args) => sprint(args.map(orNil)))],
    ["println", variadic([], "any", (...args) => `${args.map((arg) => printValue(orNil(arg))).join(" ")}\n`)],
    ["printf", variadic(["string"], "any", (format, ...args) => sprintf(String(format), args.map(orNil)))],
    ["html", variadic([], "any", (...args) => escapeHtml(printed(args)))],
    ["js", variadic([], "any", (...args) => escapeJs(printed(args)))],
    ["urlquery", variadic([], "any", (...args) => escapeQuery(printed(args)))],
    ["call", variadic(["value"], "value", call)],
  ]);
}

function orNil(value: Value): GoValue {
  return value ?? null;
}

/** The escaping functions print their arguments as actions do. */
function printed(args: readonly Value[]): string {
  const [only] = args;
  if (args.length === 1 && typeof only === "string") return only;
  let out = "";
  let afterString = true;
  for (const arg of args) {
    const isString = typeof arg === "string" || arg === undefined || arg === null;
    if (!isString && !afterString) out += " ";
    out += printShown(arg ?? undefined);
    afterString = isString;
  }
  return out;
}

function length(value: Value): GoValue {
  if (value === undefined) throw new FunctionFailure("reflect: call of reflect.Value.Type on zero Value");
  if (value === null || (value instanceof GoStruct && value.isNil))
    throw new FunctionFailure("len of nil pointer");
  const count = lengthOf(value);
  if (count === undefined) throw new FunctionFailure(`len of type ${pointedTypeName(value)}`);
  return count;
}

function index(value: Value, ...indexes: readonly Value[]): Value {
  if (value === undefined || value === null) throw new FunctionFailure("index of untyped nil");
  return indexes.reduce<GoValue>((item, position) => indexOnce(item, position), value);
}

function indexOnce(value: GoValue, position: Value): GoValue {
  if (value === null || (value instanceof GoStruct && value.isNil))
    throw new FunctionFailure("index of nil pointer");
  if (value instanceof GoMap) {
    if (typeof position === "string") return value.get(position) ?? zeroOf(value);
    if (position === undefined || position === null) {
      throw new FunctionFailure("value is nil; should be of type string");
    }
    throw new FunctionFailure(`value has type ${typeName(position)}; should be string`);
  }
  if (value instanceof GoSlice) return value.at(element(position, value.length, "slice"));
  if (typeof value === "string")
    return new GoByte(byteAt(value, element(position, lengthOf(value) ?? 0, "string")));
  if (value instanceof GoBytes)
    return new GoByte(value.bytes[element(position, value.bytes.length, "slice")] ?? 0);
  throw new FunctionFailure(`can't index item of type ${pointedTypeName(value)}`);
}

/** Go checks up to the length first, and the last place again when it reads. */
function element(position: Value, size: number, kind: "slice" | "string"): number {
  const found = bound(position, size);
  if (found >= size) throw new FunctionFailure(`reflect: ${kind} index out of range`);
  return found;
}

/** @param largest  greatest position allowed */
function bound(position: Value, largest: number): number {
  if (position === undefined || position === null)
    throw new FunctionFailure("cannot index slice/array with nil");
  const number = position instanceof GoByte ? position.value : position;
  if (typeof number !== "number" && typeof number !== "bigint") {
    throw new FunctionFailure(`cannot index slice/array with type ${typeName(position)}`);
  }
  if (number < 0 || number > largest) throw new FunctionFailure(`index out of range: ${number}`);
  return Number(number);
}

function slice(value: Value, ...indexes: readonly Value[]): GoValue {
  if (value === undefined || value === null) throw new FunctionFailure("slice of untyped nil");
  if (value instanceof GoStruct && value.isNil) throw new FunctionFailure("slice of nil pointer");
  if (indexes.length > 3) throw new FunctionFailure(`too many slice indexes: ${indexes.length}`);
  if (typeof value === "string" && indexes.length === 3)
    throw new FunctionFailure("cannot 3-index slice a string");
  if (typeof value !== "string" && !(value instanceof GoSlice) && !(value instanceof GoBytes)) {
    throw new FunctionFailure(`can't slice item of type ${pointedTypeName(value)}`);
  }
  const size = lengthOf(value) ?? 0;
  const largest = value instanceof GoSlice ? value.capacity : size;
  const [from = 0, to = size, capacity] = indexes.map((position) => {
    if (position === null) throw new FunctionFailure("cannot index slice/array with type interface {}");
    return bound(position, largest);
  });
  if (from > to) throw new FunctionFailure(`invalid slice index: ${from} > ${to}`);
  if (capacity !== undefined && to > capacity)
    throw new FunctionFailure(`invalid slice index: ${to} > ${capacity}`);
  if (typeof value === "string") return sliceBytes(value, from, to);
  if (value instanceof GoSlice) return value.slice(from, to);
  return new GoBytes(btoa(String.fromCharCode(...value.bytes.subarray(from, to))), value.type);
}

/** No value of a template can be called. The caller adds what was called, as it is written. */
function call(value: Value): never {
  if (value === undefined || value === null) throw new FunctionFailure("call of nil");
  throw new FunctionFailure(`non-function of type ${typeName(value)}`);
}
