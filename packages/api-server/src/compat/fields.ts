import { goBool, goInt, goMap, goNumber, goString } from "@puna/protocol/schemas";
import * as z from "zod";

/** A field that may be absent; null means the same, as Go's decoder has it. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.exactOptional();
}

/** Whole numbers within bounds; JSON has no other way to say 5 than 5. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const isWide = max === Number.MAX_SAFE_INTEGER;
  const bounds = isWide ? `must be ${min} or more` : `must be between ${min} and ${max}`;
  return goInt.min(min, bounds).max(max, bounds);
}

/** Fields that are complained about as Go's decoder does, whose words Ollama's clients show. */
export const goFields = { text: goString, flag: goBool, count: goInt, number: goNumber };

/** An object without its fields that are null, for objects whose kinds are told apart by hand: null says nothing. */
export function withoutNulls(value: unknown): unknown {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** An object of any content. */
export const jsonObject = goMap(z.unknown(), "map[string]interface {}");
