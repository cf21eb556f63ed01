import * as z from "zod";

/** A field that may be absent; null means the same, as Go's decoder has it. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.exactOptional();
}

/** Whole numbers; JSON has no other way to say 5 than 5. */
export const integer = z.number().int();

/**
 * Fields of a request itself; complaints about them are worded as Go's decoder words them, which Ollama's clients show.
 * `describeIssue` of the protocol puts the name of the request before it.
 */
export const goFields = {
  text: z.string("of type string"),
  flag: z.boolean("of type bool"),
  count: z.int("of type int"),
  number: z.number("of type float64"),
};

export function goArray<T extends z.ZodType>(item: T, type: string) {
  return z.array(item, `of type ${type}`);
}
