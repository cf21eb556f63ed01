import type { RuntimeValue } from "./library.ts";
import {
  elementsOf,
  hasNumberKeys,
  isNone,
  isTrue,
  isUndefined,
  pythonText,
  runtimeList,
  toRuntime,
} from "./runtime-values.ts";
import { replaceText, textMethods } from "./text-methods.ts";
import { toJson } from "./to-json.ts";
import type { WorkBudget } from "./work-budget.ts";

export interface FilterCall {
  readonly args: readonly RuntimeValue[];
  readonly named: ReadonlyMap<string, RuntimeValue>;
  readonly budget: WorkBudget;
  /** Whether a value passes the test of that name. */
  passes(test: string, operand: RuntimeValue, argument?: RuntimeValue): boolean;
  /** Applies another filter by its name. */
  apply(name: string, operand: RuntimeValue): RuntimeValue;
}

/** A filter that the library lacks for some operands; undefined leaves the operand to the library. */
type Filter = (operand: RuntimeValue, call: FilterCall) => RuntimeValue | undefined;

export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["default", withDefault],
  ["d", withDefault],
  ["string", (operand) => toRuntime(pythonText(operand))],
  ["length", length],
  ["count", length],
  ["list", (operand) => runtimeList(elementsOf(operand))],
  ["first", (operand) => elementsOf(operand)[0] ?? toRuntime(undefined)],
  ["last", (operand) => elementsOf(operand).at(-1) ?? toRuntime(undefined)],
  ["reverse", reversed],
  ["upper", (operand) => toRuntime(pythonText(operand).toUpperCase())],
  ["lower", (operand) => toRuntime(pythonText(operand).toLowerCase())],
  ["capitalize", (operand, call) => textMethod("capitalize", operand, call)],
  ["trim", (operand, call) => textMethod("strip", operand, call)],
  ["replace", replaced],
  ["indent", indented],
  ["join", joined],
  ["map", mapped],
  ["select", (operand, call) => selected(operand, call, { keeps: true, byAttribute: false })],
  ["reject", (operand, call) => selected(operand, call, { keeps: false, byAttribute: false })],
  ["selectattr", (operand, call) => selected(operand, call, { keeps: true, byAttribute: true })],
  ["rejectattr", (operand, call) => selected(operand, call, { keeps: false, byAttribute: true })],
  ["sum", (operand) => toRuntime(numbersOf(operand).reduce((sum, number) => sum + number, 0))],
  ["min", (operand) => toRuntime(Math.min(...numbersOf(operand)))],
  ["max", (operand) => toRuntime(Math.max(...numbersOf(operand)))],
  ["round", rounded],
  ["escape", escaped],
  ["e", escaped],
  ["dictsort", sortedByNumber],
  ["items", itemsOfNothing],
  ["tojson", written],
]);

function withDefault(operand: RuntimeValue, { args, named }: FilterCall): RuntimeValue {
  const whenFalse = args[1] ?? named.get("boolean");
  const isMissing = isUndefined(operand) || isNone(operand);
  const missing = isMissing || (whenFalse !== undefined && isTrue(whenFalse) && !isTrue(operand));
  return missing ? (args[0] ?? named.get("default_value") ?? toRuntime("")) : operand;
}

function length(operand: RuntimeValue): RuntimeValue | undefined {
  const { value } = operand;
  if (isUndefined(operand)) return toRuntime(0);
  if (typeof value === "string") return toRuntime([...value].length);
  if (Array.isArray(value)) return toRuntime(value.length);
  return value instanceof Map ? toRuntime(value.size) : undefined;
}

function reversed(operand: RuntimeValue): RuntimeValue {
  const items = [...elementsOf(operand)].reverse();
  return typeof operand.value === "string" ? toRuntime(items.map(pythonText).join("")) : runtimeList(items);
}

function textMethod(
  name: string,
  operand: RuntimeValue,
  { args, budget }: FilterCall,
): RuntimeValue | undefined {
  return textMethods.get(name)?.(pythonText(operand), args, budget);
}

function replaced(operand: RuntimeValue, { args, named, budget }: FilterCall): RuntimeValue {
  const count = args[2] ?? named.get("count");
  return toRuntime(
    replaceText(pythonText(operand), [...args.slice(0, 2), ...(count ? [count] : [])], budget),
  );
}

function indented(operand: RuntimeValue, { args, named, budget }: FilterCall): RuntimeValue {
  const width = (args[0] ?? named.get("width"))?.value ?? 4;
  const columns = typeof width === "number" ? Math.max(width, 0) : String(width).length;
  const lines = pythonText(operand).split("\n");
  budget.reserveText(lines.length * columns);
  const prefix = typeof width === "number" ? " ".repeat(columns) : String(width);
  const first = args[1] ?? named.get("first");
  const blank = args[2] ?? named.get("blank");
  const text = lines.map((line, index) => {
    const skipped =
      index === 0 ? first === undefined || !isTrue(first) : line === "" && !(blank && isTrue(blank));
    return skipped ? line : prefix + line;
  });
  return toRuntime(text.join("\n"));
}

function joined(operand: RuntimeValue, { args, named, budget }: FilterCall): RuntimeValue {
  const separator = pythonText(args[0] ?? named.get("d") ?? named.get("separator") ?? toRuntime(""));
  const attribute = named.get("attribute")?.value;
  const parts = elementsOf(operand).map((item) => pythonText(pick(item, attribute)));
  budget.reserveText(parts.reduce((sum, part) => sum + part.length + separator.length, 0));
  return toRuntime(parts.join(separator));
}

function pick(item: RuntimeValue, attribute: unknown): RuntimeValue {
  if (typeof attribute !== "string") return item;
  const keys = attribute.split(".");
  return keys.reduce((inner, key) => attributeOf(inner, key) ?? toRuntime(undefined), item);
}

function attributeOf({ value }: RuntimeValue, key: string): RuntimeValue | undefined {
  return value instanceof Map ? value.get(key) : undefined;
}

/** Elements that pass a test, or that have an attribute which passes it; without a test, those that are true. */
function selected(
  operand: RuntimeValue,
  { args, passes }: FilterCall,
  { keeps, byAttribute }: { readonly keeps: boolean; readonly byAttribute: boolean },
): RuntimeValue {
  const [attribute, test, argument] = byAttribute ? args : [undefined, ...args];
  const name = test?.value;
  const kept = elementsOf(operand).filter((item) => {
    const tested = byAttribute ? pick(item, attribute?.value) : item;
    return (typeof name === "string" ? passes(name, tested, argument) : isTrue(tested)) === keeps;
  });
  return runtimeList(kept);
}

/** `map("upper")`; mapping to an attribute is left to the library. */
function mapped(operand: RuntimeValue, { args, apply }: FilterCall): RuntimeValue | undefined {
  const name = args[0]?.value;
  if (typeof name !== "string") return undefined;
  return runtimeList(elementsOf(operand).map((item) => apply(name, item)));
}

function numbersOf(operand: RuntimeValue): readonly number[] {
  return elementsOf(operand).map(({ value }) => Number(value));
}

function rounded({ value }: RuntimeValue, { args }: FilterCall): RuntimeValue | undefined {
  if (typeof value !== "number") return undefined;
  const digits = typeof args[0]?.value === "number" ? args[0].value : 0;
  return toRuntime(Number(value.toFixed(Math.min(Math.max(digits, 0), 20))));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

function escaped(operand: RuntimeValue): RuntimeValue {
  return toRuntime(pythonText(operand).replace(/[&<>'"]/g, (character) => entities[character] ?? character));
}

/** `dictsort` of an object whose keys are numbers; the library sorts texts. */
function sortedByNumber({ value }: RuntimeValue): RuntimeValue | undefined {
  if (!(value instanceof Map) || !hasNumberKeys(value)) return undefined;
  const entries = [...value].map(([key, item]) => [Number(key), item] as const).sort(([a], [b]) => a - b);
  return runtimeList(entries.map(([key, item]) => runtimeList([toRuntime(key), item])));
}

/** What is not there has no items. */
function itemsOfNothing(operand: RuntimeValue): RuntimeValue | undefined {
  return isUndefined(operand) || isNone(operand) ? runtimeList([]) : undefined;
}

function written(operand: RuntimeValue, { args, named, budget }: FilterCall): RuntimeValue {
  const indent = (named.get("indent") ?? args[0])?.value;
  // A huge indent would fill the memory.
  if (typeof indent === "number") budget.reserveText(indent > 64 ? Number.POSITIVE_INFINITY : indent);
  const separators = named.get("separators")?.value;
  const [between, behindKey] = Array.isArray(separators) ? separators.map(pythonText) : [];
  return toRuntime(
    toJson(operand, {
      ...(typeof indent === "number" && { indent }),
      ...(between !== undefined && { between }),
      ...(behindKey !== undefined && { behindKey }),
      ascii: isTrue(named.get("ensure_ascii") ?? toRuntime(false)),
      sorted: isTrue(named.get("sort_keys") ?? toRuntime(false)),
    }),
  );
}
