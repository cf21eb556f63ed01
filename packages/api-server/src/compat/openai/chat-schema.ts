import { requestNames } from "@puna/protocol/schemas";
import * as z from "zod";
import { goArray, goFields, integer, optional } from "../fields.ts";

const jsonObject = z.record(z.string(), z.unknown());

export const toolCallSchema = z.object({
  id: optional(z.string()),
  index: optional(integer),
  type: optional(z.string()),
  function: z.object({ name: optional(z.string()), arguments: optional(z.string()) }),
});

const messageSchema = z.object({
  role: optional(z.string()),
  /** Checked by hand: the texts of its errors are Ollama's. */
  content: z.unknown().exactOptional(),
  reasoning: optional(z.string()),
  reasoning_content: optional(z.string()),
  tool_calls: optional(z.array(toolCallSchema)),
  name: optional(z.string()),
  tool_call_id: optional(z.string()),
});

const toolSchema = z.object({
  type: optional(z.string()),
  function: optional(
    z.object({
      name: optional(z.string()),
      description: optional(z.string()),
      parameters: optional(jsonObject),
      strict: optional(z.boolean()),
    }),
  ),
});

export const responseFormatSchema = z.object({
  type: optional(z.string()),
  json_schema: optional(
    z.object({
      name: optional(z.string()),
      schema: z.unknown().exactOptional(),
      strict: optional(z.boolean()),
    }),
  ),
});

const streamOptionsSchema = z.object({ include_usage: optional(z.boolean()) });

/** What a sampling request of either completions route may say. */
export const samplingShape = {
  model: optional(goFields.text),
  stream: optional(goFields.flag),
  stream_options: optional(streamOptionsSchema),
  max_tokens: optional(goFields.count),
  seed: optional(goFields.count),
  /** A string or strings; the two routes differ in how they take anything else. */
  stop: z.unknown().exactOptional(),
  temperature: optional(goFields.number),
  top_p: optional(goFields.number),
  frequency_penalty: optional(goFields.number),
  presence_penalty: optional(goFields.number),
  logit_bias: optional(
    z.record(z.string().regex(/^\d+$/, "keys must be token ids"), z.number().min(-100).max(100)),
  ),
  n: optional(integer.min(1).max(16)),
  user: optional(goFields.text),
  /** Ours: Ollama's `keep_alive`. */
  keep_alive: optional(z.union([z.number(), z.string()])),
  /** Ours: Ollama's options, below the named parameters. */
  options: optional(jsonObject),
};

export const chatCompletionSchema = z
  .object({
    ...samplingShape,
    messages: optional(goArray(messageSchema, "[]openai.Message")),
    max_completion_tokens: optional(goFields.count),
    tools: optional(goArray(toolSchema, "[]api.Tool")),
    tool_choice: z.unknown().exactOptional(),
    parallel_tool_calls: optional(goFields.flag),
    response_format: optional(responseFormatSchema),
    reasoning: optional(z.object({ effort: optional(z.string()), summary: z.unknown().exactOptional() })),
    reasoning_effort: optional(goFields.text),
    logprobs: optional(goFields.flag),
    top_logprobs: optional(goFields.count),
    store: optional(goFields.flag),
    metadata: z.unknown().exactOptional(),
    service_tier: z.unknown().exactOptional(),
    prompt_cache_key: z.unknown().exactOptional(),
    safety_identifier: z.unknown().exactOptional(),
  })
  .register(requestNames, { name: "ChatCompletionRequest" });

export type ChatCompletionRequest = z.output<typeof chatCompletionSchema>;
export type OpenAiMessage = z.output<typeof messageSchema>;
export type OpenAiTool = z.output<typeof toolSchema>;
