import * as z from "zod";

/** A field that may be absent; null means the same, as Go's decoder has it. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.exactOptional();
}

/** Whole numbers; JSON has no other way to say 5 than 5. */
export const integer = z.number().int();
