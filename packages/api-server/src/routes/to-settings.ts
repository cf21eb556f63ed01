import type { chatRequestSchema, generateRequestSchema } from "@puna/protocol/schemas";
import type * as z from "zod";
import type { GenerationSettings } from "../services/generation-request.ts";

type Request = z.output<typeof chatRequestSchema> | z.output<typeof generateRequestSchema>;

/** What chat and generate requests have in common, in our words. */
export function toSettings(request: Request): GenerationSettings {
  return {
    model: request.model,
    options: request.options,
    format: request.format,
    think: request.think,
    truncate: request.truncate,
    shift: request.shift,
    logprobs: request.logprobs,
    topLogprobs: request.top_logprobs,
    renderOnly: request._debug_render_only,
  };
}
