import { parseModelReference } from "@puna/protocol";
import { parseRequest } from "@puna/protocol/schemas";
import type * as z from "zod";
import { earlyErrorReply, errorReply } from "../http/error-reply.ts";
import { readBody } from "../http/read-body.ts";
import { requireParsed } from "../http/read-request.ts";
import type { Reply } from "../http/reply.ts";
import type { Family, RequestContext } from "../http/route.ts";
import { cloudDisabled } from "../models/find-model.ts";

type Understood<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reply: Reply };

/**
 * Reads and translates a request of a compatible route. What goes wrong here is answered with a charset and without
 * the newline that Ollama's translated replies end with. Models of the cloud are refused before anything else is
 * looked at, in Ollama's own words whatever the family.
 */
export async function understand<TSchema extends z.ZodType, T>(
  context: RequestContext,
  family: Family,
  schema: TSchema,
  translate: (request: z.output<TSchema>) => T,
): Promise<Understood<T>> {
  try {
    const body = await readBody(context.request, context.maxBodyBytes);
    const parsed = parseRequest(schema, body);
    if (isCloudModel(parsed.ok ? modelOf(parsed.value) : readModel(body))) {
      const refusal = cloudDisabled("remote model is unavailable");
      return { ok: false, reply: errorReply(refusal, "ollama", context.id) };
    }
    return { ok: true, value: translate(requireParsed(context, parsed)) };
  } catch (error) {
    return { ok: false, reply: earlyErrorReply(error, family, context.id) };
  }
}

/** Whether a reference asks for a model of the cloud; a wrong one is judged later. */
export function isCloudModel(model: unknown): boolean {
  if (typeof model !== "string") return false;
  try {
    return parseModelReference(model).source === "cloud";
  } catch {
    return false;
  }
}

/** The model that a request names which is wrong otherwise. */
function readModel(body: Uint8Array): unknown {
  try {
    return modelOf(JSON.parse(Buffer.from(body).toString("utf8")));
  } catch {
    return undefined;
  }
}

function modelOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, "model") : undefined;
}
