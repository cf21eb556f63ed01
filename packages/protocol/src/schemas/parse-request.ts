import type * as z from "zod";
import { type BodyLimits, parseBody } from "../json/parse-body.ts";
import { describeIssue } from "./describe-issue.ts";
import { foldKeys } from "./fold-keys.ts";

export type ParsedRequest<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** Keys that nobody reads, with their path (`messages.name`); at most 32. */
      readonly unknownKeys: readonly string[];
    }
  | { readonly ok: false; readonly status: 400 | 413; readonly error: string };

/**
 * Reads a request body as leniently as Ollama does, and refuses what it refuses, with its status and text.
 * Three things are left to the caller because Ollama looks at them later and answers otherwise: the types of
 * `options` (`parseOptions`), `format` (`parseFormat`) and the value of `keep_alive` (`parseKeepAlive`; here only checked).
 * @param body  bytes (preferred: text has lost a byte order mark) or text
 */
export function parseRequest<T extends z.ZodType>(
  schema: T,
  body: string | Uint8Array,
  limits: BodyLimits = {},
): ParsedRequest<z.output<T>> {
  const parsed = parseBody(body, limits);
  if (!parsed.ok) return parsed;
  const unknown = new Set<string>();
  const folded = foldKeys(schema, parsed.value, unknown);
  const result = schema.safeParse(folded);
  if (result.success) return { ok: true, value: result.data, unknownKeys: [...unknown] };
  return { ok: false, status: 400, error: describeIssue(schema, result.error.issues, folded) };
}
