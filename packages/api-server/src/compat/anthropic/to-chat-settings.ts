import { parseKeepAlive, type ThinkValue, type Tool } from "@puna/protocol";
import * as z from "zod";
import { badRequest } from "../../errors.ts";
import type { ChatSettings, ToolChoice } from "../../services/generation-request.ts";
import type { AnthropicTool, CountTokensRequest, MessagesRequest } from "./schema.ts";
import { toMessages } from "./to-messages.ts";

/** One messages request in our words. @throws ApiError `BAD_REQUEST` */
export function toChatSettings(request: MessagesRequest, warn: (warning: string) => void): ChatSettings {
  if (!request.model) throw badRequest("model is required");
  const maxTokens = request.max_tokens ?? 0;
  if (maxTokens <= 0) throw badRequest("max_tokens is required and must be positive");
  return {
    ...toPromptSettings(request, warn),
    keepAliveMs: parseKeepAlive(request.keep_alive),
    options: {
      num_predict: maxTokens,
      ...(request.temperature !== undefined && { temperature: request.temperature }),
      ...(request.top_p !== undefined && { top_p: request.top_p }),
      ...(request.top_k !== undefined && { top_k: request.top_k }),
      ...(request.stop_sequences !== undefined &&
        request.stop_sequences.length > 0 && { stop: request.stop_sequences }),
    },
  };
}

/** What decides the prompt; token counting needs no more. @throws ApiError `BAD_REQUEST` */
export function toPromptSettings(request: CountTokensRequest, warn: (warning: string) => void): ChatSettings {
  if (!request.model) throw badRequest("model is required");
  if (request.messages === undefined || request.messages.length === 0)
    throw badRequest("messages is required");
  return {
    model: request.model,
    messages: toMessages(request, warn),
    tools: toTools(request.tools ?? [], warn),
    toolChoice: toToolChoice(request.tool_choice),
    parallelToolCalls: request.tool_choice?.disable_parallel_tool_use === true ? false : undefined,
    think: toThink(request),
    thinkBudget: request.thinking?.type === "enabled" ? request.thinking.budget_tokens : undefined,
    lenientThink: true,
    format: toFormat(request.output_config?.format),
  };
}

/** Searches, which Anthropic's own servers run, have no counterpart here. */
function toTools(tools: readonly AnthropicTool[], warn: (warning: string) => void): Tool[] {
  return tools.flatMap((tool) => {
    if (tool.type?.startsWith("web_search") === true) {
      warn(`tool "${tool.name ?? tool.type}" is run by no server here and has no effect`);
      return [];
    }
    const { type, properties, ...rest } = tool.input_schema ?? {};
    return [
      {
        type: "function",
        function: {
          name: tool.name ?? "",
          ...(tool.description !== undefined && { description: tool.description }),
          parameters: {
            ...rest,
            type: typeof type === "string" ? type : "",
            properties: toProperties(properties),
          },
        },
      },
    ];
  });
}

/** Below the first level schemas are only printed and turned into grammars, both of which look before they read. */
function toProperties(properties: unknown): Tool["function"]["parameters"]["properties"] {
  if (properties === undefined || properties === null) return null;
  const parsed = z.record(z.string(), z.looseObject({})).safeParse(properties);
  if (!parsed.success) throw badRequest("tools: input_schema.properties must be an object of schemas");
  return parsed.data;
}

function toToolChoice(choice: CountTokensRequest["tool_choice"]): ToolChoice | undefined {
  switch (choice?.type) {
    case undefined:
      return undefined;
    case "any":
      return "required";
    case "tool":
      if (choice.name === undefined) throw badRequest("tool_choice.name: required when type is tool");
      return { name: choice.name };
    default:
      return choice?.type;
  }
}

function toThink({ thinking, output_config: output }: CountTokensRequest): ThinkValue | undefined {
  if (thinking?.type === "enabled") return true;
  if (thinking?.type === "disabled") return false;
  const effort = output?.effort?.trim().toLowerCase();
  switch (effort) {
    case "low":
    case "medium":
    case "high":
    case "max":
      return effort;
    case "xhigh":
      return "high";
    default:
      return undefined;
  }
}

function toFormat(format: unknown): ChatSettings["format"] {
  if (typeof format !== "object" || format === null || !("schema" in format)) return undefined;
  const { schema } = format;
  return typeof schema === "object" && schema !== null && !Array.isArray(schema) ? { ...schema } : undefined;
}
