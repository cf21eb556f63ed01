import { goList, goStruct, goText } from "@puna/protocol/schemas";
import * as z from "zod";
import { goFields, integer, jsonObject, optional } from "../fields.ts";

export const toolCallSchema = goStruct(
  {
    id: optional(goFields.text),
    index: optional(goFields.count),
    type: optional(goFields.text),
    // Go's has no name.
    function: goStruct({ name: goText, arguments: goText }, "").default(() => ({ name: "", arguments: "" })),
  },
  "openai.ToolCall",
);

const messageSchema = goStruct(
  {
    role: optional(goFields.text),
    /** Checked by hand: the texts of its errors are Ollama's. */
    content: z.unknown().exactOptional(),
    reasoning: optional(goFields.text),
    reasoning_content: optional(goFields.text),
    tool_calls: optional(goList(toolCallSchema, "[]openai.ToolCall")),
    name: optional(goFields.text),
    tool_call_id: optional(goFields.text),
  },
  "openai.Message",
);

const toolSchema = goStruct(
  {
    type: optional(goFields.text),
    function: optional(
      goStruct(
        {
          name: optional(goFields.text),
          description: optional(goFields.text),
          parameters: optional(jsonObject),
          strict: optional(goFields.flag),
        },
        "api.ToolFunction",
      ),
    ),
  },
  "api.Tool",
);

export const responseFormatSchema = goStruct(
  {
    type: optional(goFields.text),
    json_schema: optional(
      goStruct(
        {
          name: optional(goFields.text),
          schema: z.unknown().exactOptional(),
          strict: optional(goFields.flag),
        },
        "openai.JsonSchema",
      ),
    ),
  },
  "openai.ResponseFormat",
);

const streamOptionsSchema = goStruct({ include_usage: optional(goFields.flag) }, "openai.StreamOptions");

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
    z.record(
      z.string().regex(/^\d+$/, "must be a token id"),
      z.number().min(-100, "must be between -100 and 100").max(100, "must be between -100 and 100"),
    ),
  ),
  n: optional(integer(1, 16)),
  user: z.unknown().exactOptional(),
  /** Ollama's: shows the prompt instead of an answer. */
  _debug_render_only: optional(goFields.flag),
  /** Ours: Ollama's `keep_alive`. */
  keep_alive: optional(z.union([z.number(), z.string()])),
  /** Ours: Ollama's options, below the named parameters. */
  options: optional(jsonObject),
};

export const chatCompletionSchema = goStruct(
  {
    ...samplingShape,
    messages: optional(goList(messageSchema, "[]openai.Message")),
    max_completion_tokens: optional(goFields.count),
    tools: optional(goList(toolSchema, "[]api.Tool")),
    tool_choice: z.unknown().exactOptional(),
    parallel_tool_calls: optional(goFields.flag),
    response_format: optional(responseFormatSchema),
    reasoning: optional(
      goStruct({ effort: optional(goFields.text), summary: z.unknown().exactOptional() }, "openai.Reasoning"),
    ),
    reasoning_effort: optional(goFields.text),
    logprobs: optional(goFields.flag),
    top_logprobs: optional(goFields.count),
    store: optional(goFields.flag),
    metadata: z.unknown().exactOptional(),
    service_tier: z.unknown().exactOptional(),
    prompt_cache_key: z.unknown().exactOptional(),
    safety_identifier: z.unknown().exactOptional(),
  },
  "openai.ChatCompletionRequest",
);

export type ChatCompletionRequest = z.output<typeof chatCompletionSchema>;
export type OpenAiMessage = z.output<typeof messageSchema>;
export type OpenAiTool = z.output<typeof toolSchema>;
