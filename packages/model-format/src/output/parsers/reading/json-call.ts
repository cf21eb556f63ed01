import { parseOrderedJson } from "@puna/protocol";
import { jsonFault } from "./json-fault.ts";
import type { CallArguments } from "./stream-parser.ts";

/** What a model wrote as JSON cannot be used; the message says why in the reference's words. */
export class JsonCallError extends Error {}

const notAnObject = "Value looks like object, but can't find closing '}' symbol";

/** @throws JsonCallError when the text is not JSON */
export function readJson(text: string): unknown {
  try {
    return parseOrderedJson(text);
  } catch (cause) {
    throw new JsonCallError(jsonFault(text)?.message ?? String(cause), { cause });
  }
}

/** The value if it is an object and neither null nor a list. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  // Own enumerable keys of a parsed object: nothing else can be in it.
  return value as Readonly<Record<string, unknown>>;
}

/** Fields are found whatever their case, and the last of equal ones counts, as Go's decoder has it. */
export function field(object: Readonly<Record<string, unknown>>, name: string): unknown {
  let found: unknown;
  for (const [key, value] of Object.entries(object)) {
    if (key.toLowerCase() === name) found = value;
  }
  return found;
}

/**
 * Arguments as an object; absent or null ones are none.
 * @throws JsonCallError when they are anything else
 */
export function toArguments(value: unknown): CallArguments {
  if (value === undefined || value === null) return {};
  const object = asObject(value);
  if (object === undefined) throw new JsonCallError(notAnObject);
  return object;
}

/**
 * Reads arguments that stand alone.
 * @throws JsonCallError when they are not a JSON object
 */
export function readArguments(text: string): CallArguments {
  return toArguments(readJson(text));
}

export interface JsonCall {
  readonly name: string;
  readonly arguments: CallArguments;
}

/**
 * Reads `{"name": …, "arguments": {…}}`.
 * @throws JsonCallError when it is not JSON, or no object, or name or arguments have the wrong type
 */
export function readJsonCall(text: string): JsonCall {
  const value = readJson(text);
  if (value === null) return { name: "", arguments: {} };
  const object = asObject(value);
  if (object === undefined) throw new JsonCallError(`a tool call must be an object, not ${jsonKind(value)}`);
  const name = field(object, "name") ?? "";
  if (typeof name !== "string")
    throw new JsonCallError(`the name of a tool must be a string, not ${jsonKind(name)}`);
  return { name, arguments: toArguments(field(object, "arguments")) };
}

function jsonKind(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
