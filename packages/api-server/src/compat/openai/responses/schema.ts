import { goList, goStruct } from "@puna/protocol/schemas";
import * as z from "zod";
import { goFields, jsonObject, optional, withoutNulls } from "../../fields.ts";

/** Items are told apart by hand: the texts of their errors name the item. */
const itemSchema = z.preprocess(
  withoutNulls,
  z.looseObject({ type: optional(goFields.text), role: optional(goFields.text) }),
);
export type InputItem = z.output<typeof itemSchema>;

const functionShape = {
  type: optional(goFields.text),
  name: optional(goFields.text),
  description: optional(goFields.text),
  strict: optional(goFields.flag),
  parameters: optional(jsonObject),
};

const toolSchema = goStruct(
  {
    ...functionShape,
    /** Of a `namespace`. */
    tools: optional(goList(goStruct(functionShape, "openai.ResponsesTool"), "[]openai.ResponsesTool")),
  },
  "openai.ResponsesTool",
);
export type ResponsesTool = z.output<typeof toolSchema>;

const textSchema = goStruct(
  {
    format: optional(
      goStruct(
        {
          type: optional(goFields.text),
          name: optional(goFields.text),
          schema: z.unknown().exactOptional(),
          strict: z.unknown().exactOptional(),
          description: z.unknown().exactOptional(),
        },
        "openai.ResponsesTextFormat",
      ),
    ),
    verbosity: z.unknown().exactOptional(),
  },
  "openai.ResponsesText",
);

const reasoningSchema = goStruct(
  { effort: optional(goFields.text), summary: optional(goFields.text) },
  "openai.ResponsesReasoning",
);

export const responsesSchema = goStruct(
  {
    model: optional(goFields.text),
    input: optional(z.union([z.string(), z.array(itemSchema)], "must be a text or a list of items")),
    instructions: optional(goFields.text),
    stream: optional(goFields.flag),
    temperature: optional(goFields.number),
    top_p: optional(goFields.number),
    max_output_tokens: optional(goFields.count),
    reasoning: optional(reasoningSchema),
    text: optional(textSchema),
    tools: optional(goList(toolSchema, "[]openai.ResponsesTool")),
    tool_choice: z.unknown().exactOptional(),
    parallel_tool_calls: optional(goFields.flag),
    previous_response_id: optional(goFields.text),
    store: optional(goFields.flag),
    truncation: optional(goFields.text),
    metadata: z.unknown().exactOptional(),
    background: optional(goFields.flag),
    user: z.unknown().exactOptional(),
    include: optional(goList(goFields.text, "[]string")),
    stream_options: z.unknown().exactOptional(),
    service_tier: z.unknown().exactOptional(),
    safety_identifier: z.unknown().exactOptional(),
    prompt_cache_key: z.unknown().exactOptional(),
    prompt_cache_retention: z.unknown().exactOptional(),
    max_tool_calls: optional(goFields.count),
    /** Ours: Ollama's `keep_alive`. */
    keep_alive: optional(z.union([z.number(), z.string()])),
  },
  "openai.ResponsesRequest",
);
export type ResponsesRequest = z.output<typeof responsesSchema>;
