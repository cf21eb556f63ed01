import * as z from "zod";
import { integer, optional } from "../../fields.ts";

/** Items are told apart by hand: the texts of their errors name the item. */
const itemSchema = z.looseObject({ type: optional(z.string()), role: optional(z.string()) });
export type InputItem = z.output<typeof itemSchema>;

const toolSchema = z.looseObject({
  type: optional(z.string()),
  name: optional(z.string()),
  description: optional(z.string()),
  strict: optional(z.boolean()),
  parameters: optional(z.record(z.string(), z.unknown())),
});
export type ResponsesTool = z.output<typeof toolSchema>;

const textSchema = z.looseObject({
  format: optional(
    z.looseObject({
      type: optional(z.string()),
      name: optional(z.string()),
      schema: z.unknown().exactOptional(),
    }),
  ),
});

export const responsesSchema = z.object({
  model: optional(z.string()),
  input: optional(z.union([z.string(), z.array(itemSchema)])),
  instructions: optional(z.string()),
  stream: optional(z.boolean()),
  temperature: optional(z.number()),
  top_p: optional(z.number()),
  max_output_tokens: optional(integer),
  reasoning: optional(z.looseObject({ effort: optional(z.string()), summary: z.unknown().exactOptional() })),
  text: optional(textSchema),
  tools: optional(z.array(toolSchema)),
  tool_choice: z.unknown().exactOptional(),
  parallel_tool_calls: optional(z.boolean()),
  previous_response_id: optional(z.string()),
  store: optional(z.boolean()),
  truncation: optional(z.string()),
  metadata: optional(z.record(z.string(), z.unknown())),
  background: optional(z.boolean()),
  user: z.unknown().exactOptional(),
  include: z.unknown().exactOptional(),
  stream_options: z.unknown().exactOptional(),
  service_tier: optional(z.string()),
  safety_identifier: optional(z.string()),
  prompt_cache_key: optional(z.string()),
  prompt_cache_retention: z.unknown().exactOptional(),
  max_tool_calls: optional(integer),
  /** Ours: Ollama's `keep_alive`. */
  keep_alive: optional(z.union([z.number(), z.string()])),
});
export type ResponsesRequest = z.output<typeof responsesSchema>;
