import { goList, goStruct } from "@puna/protocol/schemas";
import * as z from "zod";
import { goFields, integer, jsonObject, optional, withoutNulls } from "../fields.ts";

/** Blocks are told apart by hand: unknown kinds are let through, named in a warning and ignored. */
const blockSchema = z.looseObject({
  type: optional(goFields.text),
  text: optional(goFields.text),
  thinking: optional(goFields.text),
});
export type Block = z.output<typeof blockSchema>;

const content = z.preprocess(
  (value) => (Array.isArray(value) ? value.map(withoutNulls) : value),
  z.union([z.string(), z.array(blockSchema)], "must be a text or a list of content blocks"),
);

const messageSchema = goStruct(
  { role: optional(goFields.text), content: optional(content) },
  "anthropic.MessageParam",
);
export type AnthropicMessage = z.output<typeof messageSchema>;

const toolSchema = goStruct(
  {
    type: optional(goFields.text),
    name: optional(goFields.text),
    description: optional(goFields.text),
    input_schema: optional(jsonObject),
    strict: optional(goFields.flag),
    cache_control: z.unknown().exactOptional(),
    max_uses: z.unknown().exactOptional(),
  },
  "anthropic.Tool",
);
export type AnthropicTool = z.output<typeof toolSchema>;

const toolChoiceSchema = goStruct(
  {
    type: z.enum(["auto", "any", "tool", "none"]),
    name: optional(goFields.text),
    disable_parallel_tool_use: optional(goFields.flag),
  },
  "anthropic.ToolChoice",
);

const thinkingSchema = goStruct(
  {
    type: optional(goFields.text),
    budget_tokens: optional(integer(1)),
    display: z.unknown().exactOptional(),
  },
  "anthropic.ThinkingConfig",
);

const outputConfigSchema = goStruct(
  { effort: optional(goFields.text), format: z.unknown().exactOptional() },
  "anthropic.OutputConfig",
);

const promptShape = {
  model: optional(goFields.text),
  /** A text or blocks; anything else says nothing, as in Ollama. */
  system: z.unknown().exactOptional(),
  messages: optional(goList(messageSchema, "[]anthropic.MessageParam")),
  tools: optional(goList(toolSchema, "[]anthropic.Tool")),
  tool_choice: optional(toolChoiceSchema),
  thinking: optional(thinkingSchema),
  output_config: optional(outputConfigSchema),
};

export const messagesSchema = goStruct(
  {
    ...promptShape,
    max_tokens: optional(goFields.count),
    stream: optional(goFields.flag),
    temperature: optional(goFields.number),
    top_p: optional(goFields.number),
    top_k: optional(goFields.count),
    stop_sequences: optional(goList(goFields.text, "[]string")),
    metadata: optional(goStruct({ user_id: optional(goFields.text) }, "anthropic.Metadata")),
    service_tier: z.unknown().exactOptional(),
    /** Ours: Ollama's `keep_alive`. */
    keep_alive: optional(z.union([z.number(), z.string()])),
  },
  "anthropic.MessagesRequest",
);
export type MessagesRequest = z.output<typeof messagesSchema>;

export const countTokensSchema = goStruct(promptShape, "anthropic.CountTokensRequest");
export type CountTokensRequest = z.output<typeof countTokensSchema>;
