import { type Format, parseKeepAlive, quoteGo, type ThinkValue, type Tool } from "@puna/protocol";
import type { z } from "zod";
import { badRequest } from "../../errors.ts";
import type { ChatSettings, ToolChoice } from "../../services/generation-request.ts";
import type { ChatCompletionRequest, OpenAiTool, responseFormatSchema } from "./chat-schema.ts";
import { toMessages } from "./to-messages.ts";

/** One chat request in our words. @throws ApiError `BAD_REQUEST` */
export function toChatSettings(
  request: ChatCompletionRequest,
  warn: (warning: string) => void,
): ChatSettings {
  if (request.messages === undefined || request.messages.length === 0) {
    throw badRequest("[] is too short - 'messages'");
  }
  const tools = request.tools?.map(toTool) ?? [];
  if (request.store === true) warn('"store" has no effect: only /v1/responses keeps answers');
  return {
    model: request.model ?? "",
    messages: toMessages(request.messages),
    options: toOptions(request, readStop(request.stop, warn)),
    format: toFormat(request.response_format, warn),
    strictFormat: request.response_format?.json_schema?.strict,
    keepAliveMs: parseKeepAlive(request.keep_alive),
    think: toThink(request.reasoning?.effort ?? request.reasoning_effort),
    renderOnly: request._debug_render_only,
    logprobs: request.logprobs,
    topLogprobs: request.top_logprobs,
    tools,
    toolChoice: toToolChoice(request.tool_choice),
    parallelToolCalls: request.parallel_tool_calls,
  };
}

type SamplingRequest = Pick<
  ChatCompletionRequest,
  | "options"
  | "max_tokens"
  | "seed"
  | "temperature"
  | "top_p"
  | "frequency_penalty"
  | "presence_penalty"
  | "logit_bias"
> & { readonly max_completion_tokens?: number | undefined };

/** OpenAI's defaults differ from Ollama's: both temperature and top_p are 1. */
export function toOptions(
  request: SamplingRequest,
  stop: readonly string[] | undefined,
): Record<string, unknown> {
  const limit = request.max_completion_tokens ?? request.max_tokens;
  return {
    ...request.options,
    temperature: request.temperature ?? 1,
    top_p: request.top_p ?? 1,
    ...(stop !== undefined && { stop }),
    ...(limit !== undefined && { num_predict: limit }),
    ...(request.seed !== undefined && { seed: request.seed }),
    ...(request.frequency_penalty !== undefined && { frequency_penalty: request.frequency_penalty }),
    ...(request.presence_penalty !== undefined && { presence_penalty: request.presence_penalty }),
    ...(request.logit_bias !== undefined && { logit_bias: request.logit_bias }),
  };
}

/** A string or strings; the chat route lets anything else pass without effect. */
function readStop(stop: unknown, warn: (warning: string) => void): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined;
  if (typeof stop === "string") return [stop];
  const strings = Array.isArray(stop) ? stop.filter((item) => typeof item === "string") : [];
  if (!Array.isArray(stop) || strings.length < stop.length)
    warn('"stop" takes a string or strings; others have no effect');
  return strings.length > 0 ? strings : undefined;
}

function toFormat(
  format: z.output<typeof responseFormatSchema> | undefined,
  warn: (warning: string) => void,
): Format | undefined {
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return "json";
    case "json_schema": {
      const schema = format.json_schema?.schema;
      if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return { ...schema };
      throw badRequest("response_format.json_schema.schema: a JSON Schema object is required");
    }
    default:
      warn(`response_format type "${format?.type}" is not known and has no effect`);
      return undefined;
  }
}

const efforts: Readonly<Record<string, ThinkValue>> = {
  none: false,
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  max: "max",
  xhigh: "max",
  ultra: "max",
};

/** @throws ApiError `BAD_REQUEST` */
export function toThink(effort: string | undefined): ThinkValue | undefined {
  if (effort === undefined || effort === "") return undefined;
  const think = efforts[effort];
  if (think !== undefined) return think;
  throw badRequest(
    `invalid reasoning value: ${quoteGo(effort)} (must be "minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none")`,
  );
}

export function toTool(tool: OpenAiTool): Tool {
  const { name, description, parameters } = tool.function ?? {};
  const { type, properties, ...rest } = parameters ?? {};
  return {
    type: tool.type ?? "",
    function: {
      name: name ?? "",
      ...(description !== undefined && { description }),
      parameters: {
        ...rest,
        type: typeof type === "string" ? type : "",
        // Tool schemas are only printed and turned into grammars, both of which look before they read.
        properties: (properties ?? null) as Tool["function"]["parameters"]["properties"],
      },
    },
  };
}

/** @throws ApiError `BAD_REQUEST` */
export function toToolChoice(choice: unknown): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  if (typeof choice === "object" && "function" in choice) {
    const named = choice.function;
    if (typeof named === "object" && named !== null && "name" in named && typeof named.name === "string") {
      return { name: named.name };
    }
  }
  if (typeof choice === "object" && "name" in choice && typeof choice.name === "string")
    return { name: choice.name };
  throw badRequest('tool_choice must be "auto", "none", "required" or name a function');
}
