import type * as z from "zod";
import { earlyErrorResponse } from "../http/error-response.ts";
import { readRequest } from "../http/read-request.ts";
import type { Family, RequestContext } from "../http/route.ts";

/**
 * Reads and translates a request of a compatible route. What goes wrong here is answered with a charset and without
 * the newline that Ollama's translated replies end with.
 */
export async function understand<TSchema extends z.ZodType, T>(
  context: RequestContext,
  family: Family,
  schema: TSchema,
  translate: (request: z.output<TSchema>) => T,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly response: Response }> {
  try {
    return { ok: true, value: translate(await readRequest(context, schema)) };
  } catch (error) {
    return { ok: false, response: earlyErrorResponse(error, family, context.id) };
  }
}
