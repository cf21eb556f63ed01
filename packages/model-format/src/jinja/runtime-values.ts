import { Environment, type RuntimeValue } from "./library.ts";

export function toRuntime(value: unknown): RuntimeValue {
  return new Environment().set("value", value);
}

/** A list of values that are runtime values already. */
export function runtimeList(items: readonly RuntimeValue[]): RuntimeValue {
  const list = toRuntime([]);
  if (Array.isArray(list.value)) list.value.push(...items);
  return list;
}

/** A function of a template that sees runtime values. */
export function runtimeFunction(call: (args: readonly RuntimeValue[]) => RuntimeValue): RuntimeValue {
  const wrapped = toRuntime(() => null);
  if (typeof wrapped.value === "function") wrapped.value = call;
  return wrapped;
}

export function isUndefined(value: RuntimeValue): boolean {
  return value.type === "UndefinedValue";
}

// The library's none holds undefined like its undefined does: only the type tells.
export function isNone(value: RuntimeValue): boolean {
  return value.type === "NullValue";
}

/** Elements of a list, characters of a text, keys of an object; none for anything else. */
export function elementsOf({ value }: RuntimeValue): readonly RuntimeValue[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [...value].map(toRuntime);
  return value instanceof Map ? [...value.keys()].map(toRuntime) : [];
}

const numberKeyed = new WeakSet<object>();

/** Keys are texts to the library; this object's were numbers when it was written down. */
export function noteNumberKeys(object: ReadonlyMap<string, RuntimeValue>): void {
  numberKeyed.add(object);
}

export function hasNumberKeys(object: ReadonlyMap<string, RuntimeValue>): boolean {
  return numberKeyed.has(object);
}

/** Python's `==`: no conversions but those between numbers and booleans. */
export function pythonEquals(left: RuntimeValue, right: RuntimeValue): boolean {
  const a = left.value;
  const b = right.value;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameAt(item, b[index]));
  }
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, item]) => sameAt(item, b.get(key)));
  }
  return asNumber(a) === asNumber(b) && isNone(left) === isNone(right);
}

function sameAt(left: RuntimeValue, right: RuntimeValue | undefined): boolean {
  return right !== undefined && pythonEquals(left, right);
}

function asNumber(value: unknown): unknown {
  return typeof value === "boolean" ? Number(value) : value;
}

/** Python's truth: empty texts, lists and objects, zero, none and undefined are false. */
export function isTrue(value: RuntimeValue): boolean {
  return value.__bool__().value;
}

/** What `{{ … }}` writes. As in llama.cpp, none and objects are nothing, and of a list all that it holds. */
export function printedText(value: RuntimeValue): string {
  if (isNone(value) || value.value instanceof Map) return "";
  if (Array.isArray(value.value)) return value.value.map(printedText).join("");
  if (typeof value.value !== "number" || value.type !== "FloatValue") return pythonText(value);
  // Six digits behind the point, without the zeros at the end.
  return Math.abs(value.value) < 1e21
    ? value.value.toFixed(6).replace(/(\.\d+?)0*$/, "$1")
    : pythonText(value);
}

/** What is appended to a text: nothing for none, as in llama.cpp. */
export function joinedText(value: RuntimeValue): string {
  return isNone(value) ? "" : pythonText(value);
}

/** Python's `str`. */
export function pythonText(value: RuntimeValue): string {
  if (typeof value.value === "string") return value.value;
  return isUndefined(value) ? "" : pythonRepr(value);
}

function pythonRepr(value: RuntimeValue): string {
  const inner = value.value;
  if (typeof inner === "string") return quotedText(inner);
  if (typeof inner === "boolean") return inner ? "True" : "False";
  if (typeof inner === "number") return pythonNumber(inner, value.type === "FloatValue");
  if (isNone(value)) return "None";
  if (isUndefined(value)) return "Undefined";
  if (inner instanceof Map) {
    const pairs = [...inner].map(([key, item]) => `${quotedText(key)}: ${pythonRepr(item)}`);
    return `{${pairs.join(", ")}}`;
  }
  if (!Array.isArray(inner)) return "<function>";
  const items = inner.map(pythonRepr);
  return `[${items.join(", ")}]`;
}

function pythonNumber(value: number, float: boolean): string {
  if (!float) return String(value);
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 16) return Number.isInteger(value) ? value.toFixed(1) : String(value);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** In llama.cpp nothing is escaped, and the other quote serves texts with an apostrophe. */
function quotedText(text: string): string {
  const quote = text.includes("'") ? '"' : "'";
  return quote + text + quote;
}
