import { type ParsedRequest, parseRequest } from "@puna/protocol/schemas";
import type * as z from "zod";
import { ApiError, badRequest } from "../errors.ts";
import { readBody } from "./read-body.ts";
import type { RequestContext } from "./route.ts";

/** Reads a JSON body as Ollama does; keys that mean nothing are warned of. @throws ApiError `BAD_REQUEST`, `TOO_LARGE` */
export async function readRequest<T extends z.ZodType>(
  context: RequestContext,
  schema: T,
): Promise<z.output<T>> {
  return requireParsed(context, parseRequest(schema, await readBody(context.request, context.maxBodyBytes)));
}

/** @throws ApiError `BAD_REQUEST`, `TOO_LARGE` for a body that is no such request */
export function requireParsed<T>(context: Pick<RequestContext, "warn">, parsed: ParsedRequest<T>): T {
  if (!parsed.ok) {
    throw parsed.status === 413 ? new ApiError("TOO_LARGE", parsed.error) : badRequest(parsed.error);
  }
  for (const key of parsed.unknownKeys) context.warn(`unknown parameter "${key}" has no effect`);
  return parsed.value;
}
