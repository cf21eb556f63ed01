import { compareBytes, GoComplex, GoMap, GoSlice, GoStruct, type GoValue } from "./values.ts";

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
const special = /["\\\u0000-\u001f<>&\u2028\u2029]/g;

/** A string as Go's encoding/json writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped. */
export function goJsonString(text: string): string {
  const escaped = text.replace(
    special,
    (character) => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped.toWellFormed()}"`;
}

/** A float64 as Go's encoding/json writes it; the same as JavaScript but for `-0` and the exponent's digits. */
export function goJsonNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return String(value);
}

/** Encodes as Go's json.Marshal: compact, keys of maps sorted, types with an encoding of their own asked for it. */
export function goJson(value: GoValue): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "bigint":
      return value.toString();
    case "number":
      return goJsonNumber(value);
    case "string":
      return goJsonString(value);
    default:
      return encodeComposite(value);
  }
}

function encodeComposite(value: GoSlice | GoMap | GoStruct | GoComplex): string {
  if (value instanceof GoComplex || (value instanceof GoStruct && value.isNil)) return "null";
  if (value.behaviour.json !== undefined) return value.behaviour.json();
  if (value instanceof GoSlice) return value.isNil ? "null" : `[${value.items.map(goJson).join(",")}]`;
  if (value instanceof GoMap) {
    if (value.isNil) return "null";
    return encodeObject(value.sortedKeys().map((key) => [key, goJson(value.entries.get(key) ?? null)]));
  }
  return encodeObject([...value.fields].map(([key, item]) => [key, goJson(item)]));
}

/** Writes members that are encoded already, in the order given. */
export function encodeObject(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([key, json]) => `${goJsonString(key)}:${json}`).join(",")}}`;
}

/** Decoded JSON written again as Go writes an `any`: keys of every object sorted. */
export function goJsonAny(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return goJsonString(value);
  if (typeof value === "number") return goJsonNumber(value);
  if (typeof value === "bigint") return goJsonNumber(Number(value));
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(goJsonAny).join(",")}]`;
  const members = Object.entries(value).sort(([a], [b]) => compareBytes(a, b));
  return encodeObject(members.map(([key, item]) => [key, goJsonAny(item)]));
}
