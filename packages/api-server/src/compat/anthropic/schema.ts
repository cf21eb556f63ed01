import { requestNames } from "@puna/protocol/schemas";
import * as z from "zod";
import { goArray, goFields, integer, optional } from "../fields.ts";

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
  model: optional(goFields.text),
  system: optional(content),
  messages: optional(goArray(messageSchema, "[]anthropic.MessageParam")),
  tools: optional(goArray(toolSchema, "[]anthropic.Tool")),
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

export const messagesSchema = z
  .object({
    ...promptShape,
    max_tokens: optional(goFields.count),
    stream: optional(goFields.flag),
    temperature: optional(goFields.number),
    top_p: optional(goFields.number),
    top_k: optional(goFields.count),
    stop_sequences: optional(goArray(z.string(), "[]string")),
    metadata: z.unknown().exactOptional(),
    service_tier: z.unknown().exactOptional(),
    /** Ours: Ollama's `keep_alive`. */
    keep_alive: optional(z.union([z.number(), z.string()])),
  })
  .register(requestNames, { name: "MessagesRequest" });
export type MessagesRequest = z.output<typeof messagesSchema>;

export const countTokensSchema = z.object(promptShape).register(requestNames, { name: "CountTokensRequest" });
export type CountTokensRequest = z.output<typeof countTokensSchema>;
