import * as z from "zod";
import { integer, optional } from "../fields.ts";

/** Blocks are told apart by hand: unknown kinds are let through and ignored. */
const blockSchema = z.looseObject({ type: optional(z.string()) });
export type Block = z.output<typeof blockSchema>;

const content = z.union([z.string(), z.array(blockSchema)]);

const messageSchema = z.object({ role: optional(z.string()), content: optional(content) });
export type AnthropicMessage = z.output<typeof messageSchema>;

const toolSchema = z.object({
  type: optional(z.string()),
  name: optional(z.string()),
  description: optional(z.string()),
  input_schema: optional(z.record(z.string(), z.unknown())),
  strict: optional(z.boolean()),
  cache_control: z.unknown().exactOptional(),
  max_uses: z.unknown().exactOptional(),
});
export type AnthropicTool = z.output<typeof toolSchema>;

const toolChoiceSchema = z.object({
  type: z.enum(["auto", "any", "tool", "none"]),
  name: optional(z.string()),
  disable_parallel_tool_use: optional(z.boolean()),
});

const promptShape = {
  model: optional(z.string()),
  system: optional(content),
  messages: optional(z.array(messageSchema)),
  tools: optional(z.array(toolSchema)),
  tool_choice: optional(toolChoiceSchema),
  thinking: optional(
    z.object({
      type: optional(z.string()),
      budget_tokens: optional(integer.min(1)),
      display: z.unknown().exactOptional(),
    }),
  ),
  output_config: optional(z.object({ effort: optional(z.string()), format: z.unknown().exactOptional() })),
};

export const messagesSchema = z.object({
  ...promptShape,
  max_tokens: optional(integer),
  stream: optional(z.boolean()),
  temperature: optional(z.number()),
  top_p: optional(z.number()),
  top_k: optional(integer),
  stop_sequences: optional(z.array(z.string())),
  metadata: z.unknown().exactOptional(),
  service_tier: z.unknown().exactOptional(),
  /** Ours: Ollama's `keep_alive`. */
  keep_alive: optional(z.union([z.number(), z.string()])),
});
export type MessagesRequest = z.output<typeof messagesSchema>;

export const countTokensSchema = z.object(promptShape);
export type CountTokensRequest = z.output<typeof countTokensSchema>;
