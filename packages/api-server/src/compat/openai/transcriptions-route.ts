import { ApiError, badRequest } from "../../errors.ts";
import type { Route } from "../../http/route.ts";

/** Speech to text. No engine of ours hears yet: good requests get 501, bad ones what Ollama says. */
export function transcriptionsRoute(): Route {
  return {
    method: "POST",
    path: "/v1/audio/transcriptions",
    verb: "infer",
    family: "openai",
    async handle(context) {
      const form = await readForm(context.request);
      const file = form.get("file");
      if (!(file instanceof File)) throw badRequest("file is required: http: no such file");
      if (!form.get("model")) throw badRequest("model is required");
      if (file.size === 0) throw badRequest("audio file is empty");
      throw new ApiError("NOT_IMPLEMENTED", "this engine cannot hear yet; transcription is not available");
    },
  };
}

async function readForm(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch (cause) {
    throw badRequest("file is required: request Content-Type isn't multipart/form-data", cause);
  }
}
