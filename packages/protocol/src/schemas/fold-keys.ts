import * as z from "zod";
import { unwrap } from "./go-structs.ts";
import { isObject } from "./go-types.ts";

/** Enough to tell a caller what was wrong; guards against requests made of unknown keys. */
const maxUnknownKeys = 32;

/**
 * Brings a JSON value into the shape a schema knows, as Go's decoder does: keys match in any case and the last one
 * wins; null leaves a field at its zero value; unknown keys are dropped.
 * @param unknown  receives the paths of dropped keys, list positions left out: `messages.name`
 */
export function foldKeys(schema: z.core.$ZodType, value: unknown, unknown: Set<string>, path = ""): unknown {
  const target = unwrap(schema);
  if (value === null) return zeroOf(target);
  if (target instanceof z.ZodObject && isObject(value)) return foldObject(target, value, unknown, path);
  if (target instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => foldKeys(target.element, item, unknown, path));
  }
  if (target instanceof z.ZodRecord && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        foldKeys(target.valueType, item, unknown, join(path, "*")),
      ]),
    );
  }
  return value;
}

function foldObject(
  schema: z.ZodObject,
  value: Record<string, unknown>,
  unknown: Set<string>,
  path: string,
): unknown {
  const names = namesOf(schema);
  const folded: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const name = names.get(key.toLowerCase());
    const field = name === undefined ? undefined : schema.shape[name];
    if (name === undefined || field === undefined) {
      if (unknown.size < maxUnknownKeys) unknown.add(join(path, key));
    } else if (item !== null) {
      folded[name] = foldKeys(field, item, unknown, join(path, name));
    }
  }
  return folded;
}

/** By their lower case. Schemas are few and live as long as the process; requests are many. */
const namesBySchema = new WeakMap<z.ZodObject, ReadonlyMap<string, string>>();

function namesOf(schema: z.ZodObject): ReadonlyMap<string, string> {
  let names = namesBySchema.get(schema);
  if (names === undefined) {
    names = new Map(Object.keys(schema.shape).map((name) => [name.toLowerCase(), name]));
    namesBySchema.set(schema, names);
  }
  return names;
}

/** What Go leaves in an element of that type when JSON says null. */
function zeroOf(schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return {};
  if (schema instanceof z.ZodArray) return [];
  if (schema instanceof z.ZodString) return "";
  if (schema instanceof z.ZodNumber) return 0;
  if (schema instanceof z.ZodBoolean) return false;
  return null;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
