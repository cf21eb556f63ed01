import { compareBytes, rejoin } from "./bytes.ts";
import { limitReached } from "./errors.ts";
import {
  GoByte,
  GoBytes,
  GoComplex,
  type GoFloat,
  GoMap,
  GoSlice,
  GoStruct,
  type GoValue,
} from "./values.ts";

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** Whether a UTF-16 unit stands for itself inside JSON. */
function isPlain(unit: number): boolean {
  if (unit < 0x80) return plainAscii[unit] === 1;
  return unit < 0xd800 ? unit !== 0x2028 && unit !== 0x2029 : unit >= 0xe000;
}

const plainAscii = /* @__PURE__ */ Uint8Array.from({ length: 0x80 }, (_, unit) =>
  unit < 0x20 || '"\\<>&'.includes(String.fromCharCode(unit)) ? 0 : 1,
);
const escaped = /["\\\u0000-\u001f<>&\u2028\u2029]|\p{Surrogate}/gu;

/** A string as Go's encoding/json writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped, stray bytes as `\ufffd`. */
export function goJsonString(text: string): string {
  for (let index = 0; index < text.length; index++) {
    if (!isPlain(text.charCodeAt(index))) return `"${rejoin(text).replace(escaped, escapeCharacter)}"`;
  }
  return `"${text}"`;
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= 0xd800 && code < 0xe000) return "\\ufffd";
  return escapes[character] ?? `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A float64 as Go's encoding/json writes it: as JavaScript does, but for -0. */
function goJsonNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Values nested deeper come from nowhere but an attack; Go gives up at the same depth. */
const maxDepth = 1000;

function checkDepth(depth: number): void {
  if (depth > maxDepth) throw limitReached("a value it writes as JSON is nested too deeply");
}

/**
 * Encodes as Go's json.Marshal: compact, keys of maps sorted, types with an encoding of their own asked for it.
 * @returns the empty string for what has no JSON, as the function `json` ignores such errors
 * @throws PromptError `TEMPLATE_LIMIT` for values nested too deeply
 */
export function goJson(value: GoValue): string {
  return encode(value, 0) ?? "";
}

function encode(value: GoValue, depth: number): string | undefined {
  switch (typeof value) {
    case "boolean":
    case "number":
    case "bigint":
      return String(value);
    case "string":
      return goJsonString(value);
    default:
      if (value === null) return "null";
      if (value instanceof GoSlice) return encodeSlice(value, depth);
      if (value instanceof GoMap) return encodeMap(value, depth);
      return value instanceof GoStruct ? encodeStruct(value, depth) : encodeScalar(value);
  }
}

function encodeScalar(value: GoFloat | GoByte | GoComplex | GoBytes): string | undefined {
  if (value instanceof GoBytes) return `"${value.base64}"`;
  if (value instanceof GoByte) return String(value.value);
  if (value instanceof GoComplex || !Number.isFinite(value.value)) return undefined;
  return goJsonNumber(value.value);
}

function encodeSlice(value: GoSlice, depth: number): string | undefined {
  checkDepth(depth);
  if (value.type.json !== undefined) return value.type.json(value);
  if (value.isNil) return "null";
  if (value.json !== undefined) return goJsonAny(value.json, depth);
  let out = "";
  for (const item of value) {
    const json = encode(item, depth + 1);
    if (json === undefined) return undefined;
    out += `${out === "" ? "" : ","}${json}`;
  }
  return `[${out}]`;
}

function encodeMap(value: GoMap, depth: number): string | undefined {
  checkDepth(depth);
  if (value.type.json !== undefined) return value.type.json(value);
  if (value.isNil) return "null";
  if (value.json !== undefined) return goJsonAny(value.json, depth);
  return encodeMembers(value.sortedKeys(), (key) => encode(value.get(key) ?? null, depth + 1));
}

function encodeStruct(value: GoStruct, depth: number): string | undefined {
  checkDepth(depth);
  if (value.isNil) return "null";
  if (value.type.json !== undefined) return value.type.json(value);
  return encodeMembers([...value.type.fields.keys()], (name) => encode(value.field(name) ?? null, depth + 1));
}

function encodeMembers(
  names: readonly string[],
  encodeMember: (name: string) => string | undefined,
): string | undefined {
  const members: (readonly [string, string])[] = [];
  for (const name of names) {
    const json = encodeMember(name);
    if (json === undefined) return undefined;
    members.push([name, json]);
  }
  return joinObject(members);
}

/** Writes members that are encoded already, in the order given. */
export function joinObject(members: readonly (readonly [string, string])[]): string {
  let out = "";
  for (const [key, json] of members) out += `${out === "" ? "" : ","}${goJsonString(key)}:${json}`;
  return `{${out}}`;
}

/**
 * Decoded JSON written again as Go writes an `any`: keys of every object sorted.
 * @throws PromptError `TEMPLATE_LIMIT` for values nested too deeply
 */
export function goJsonAny(value: unknown, depth = 0): string {
  switch (typeof value) {
    case "string":
      return goJsonString(value.toWellFormed());
    case "number":
      return goJsonNumber(value);
    case "bigint":
      return goJsonNumber(Number(value));
    case "boolean":
      return String(value);
    case "object":
      break;
    default:
      return "null";
  }
  if (value === null) return "null";
  checkDepth(depth);
  let out = "";
  if (Array.isArray(value)) {
    for (const item of value) out += `${out === "" ? "" : ","}${goJsonAny(item, depth + 1)}`;
    return `[${out}]`;
  }
  // Own enumerable keys of an object are all that is looked at.
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of sortedKeys(record)) {
    out += `${out === "" ? "" : ","}${goJsonString(key)}:${goJsonAny(record[key], depth + 1)}`;
  }
  return `{${out}}`;
}

/** Keys in the order of their bytes, which short records often have already. */
function sortedKeys(record: Readonly<Record<string, unknown>>): readonly string[] {
  const keys = Object.keys(record);
  const isSorted = keys.every((key, index) => index === 0 || compareBytes(keys[index - 1] ?? "", key) < 0);
  return isSorted ? keys : keys.sort(compareBytes);
}
