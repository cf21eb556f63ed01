import type { Dependencies } from "../../dependencies.ts";
import { ApiError, badRequest } from "../../errors.ts";
import { earlyErrorReply } from "../../http/error-reply.ts";
import { readBody } from "../../http/read-body.ts";
import type { Reply } from "../../http/reply.ts";
import type { RequestContext, Route } from "../../http/route.ts";
import { findModel } from "../../models/find-model.ts";
import { requireModel } from "../../services/generation-checks.ts";

/** Speech to text. No engine of ours hears yet: good requests get 501, bad ones what Ollama says. */
export function transcriptionsRoute({ store }: Dependencies): Route {
  return {
    method: "POST",
    path: "/v1/audio/transcriptions",
    verb: "infer",
    family: "openai",
    async handle(context) {
      const model = await readModel(context);
      if (typeof model !== "string") return model;
      context.requireModelAccess(model);
      requireModel((await findModel(store, model)).stored, model);
      throw new ApiError("NOT_IMPLEMENTED", "this engine cannot hear yet; transcription is not available");
    },
  };
}

/** @returns the model that shall hear, or the answer to a form that is wrong */
async function readModel(context: RequestContext): Promise<string | Reply> {
  try {
    const form = await readForm(context);
    const file = form.get("file");
    const model = form.get("model");
    if (typeof model !== "string" || model === "") throw badRequest("model is required");
    if (!(file instanceof File)) throw badRequest("file is required: http: no such file");
    if (file.size === 0) throw badRequest("audio file is empty");
    return model;
  } catch (error) {
    return earlyErrorReply(error, "openai", context.id);
  }
}

async function readForm({ request, maxBodyBytes }: RequestContext): Promise<FormData> {
  const type = request.header("content-type") ?? "";
  if (!/^multipart\/form-data\b/i.test(type))
    throw badRequest("failed to parse multipart form: request Content-Type isn't multipart/form-data");
  if (!/;\s*boundary=/i.test(type))
    throw badRequest("failed to parse multipart form: no multipart boundary param in Content-Type");
  // A form has no limits of its own.
  const body = await readBody(request, maxBodyBytes);
  try {
    return await new Response(Buffer.from(body), { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw badRequest("failed to parse multipart form: multipart: NextPart: EOF", cause);
  }
}
