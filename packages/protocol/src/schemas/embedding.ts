import * as z from "zod";
import { keepAlive, options } from "./fields.ts";
import { goBool, goInt, goStruct, goText } from "./go-types.ts";

/** Body of POST /api/embed; `parseEmbedInput` judges `input`. */
export const embedRequestSchema = goStruct(
  {
    model: goText,
    input: z.unknown().exactOptional(),
    truncate: goBool.exactOptional(),
    dimensions: goInt.exactOptional(),
    keep_alive: keepAlive.exactOptional(),
    options: options.exactOptional(),
  },
  "api.EmbedRequest",
);

/** Body of POST /api/embeddings. */
export const embeddingsRequestSchema = goStruct(
  { model: goText, prompt: goText, keep_alive: keepAlive.exactOptional(), options: options.exactOptional() },
  "api.EmbeddingRequest",
);

/**
 * The texts to embed: a string (empty: none), or a list of strings.
 * @returns undefined for anything else, which is a 400 `invalid input type`
 */
export function parseEmbedInput(input: unknown): readonly string[] | undefined {
  if (input === undefined || input === null || input === "") return [];
  if (typeof input === "string") return [input];
  return isStringList(input) ? input : undefined;
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
