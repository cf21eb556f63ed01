import type {
  LanguageModelV4FinishReason,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { ChatResponse, ToolCall } from "@puna/sdk";

/** @param last  the message with `done`; absent when the answer broke off */
export function toFinishReason(
  last: ChatResponse | undefined,
  callCount: number,
): LanguageModelV4FinishReason {
  const raw = last?.done_reason;
  if (last === undefined) return { unified: "error", raw };
  if (raw === "length") return { unified: "length", raw };
  if (callCount > 0) return { unified: "tool-calls", raw };
  return { unified: raw === "stop" || raw === undefined ? "stop" : "other", raw };
}

/** `raw` has the server's own times, in nanoseconds. */
export function toUsage(last: ChatResponse | undefined): LanguageModelV4Usage {
  const { total_duration, load_duration, prompt_eval_duration, eval_duration } = last ?? {};
  return {
    inputTokens: {
      total: last?.prompt_eval_count,
      noCache: undefined,
      cacheRead: undefined,
      cacheWrite: undefined,
    },
    outputTokens: { total: last?.eval_count, text: undefined, reasoning: undefined },
    ...(last !== undefined && {
      raw: { total_duration, load_duration, prompt_eval_duration, eval_duration },
    }),
  };
}

export function toToolCall(call: ToolCall): LanguageModelV4ToolCall {
  return {
    type: "tool-call",
    // Servers of old give calls no id.
    toolCallId: call.id || `call_${Math.random().toString(36).slice(2, 12)}`,
    toolName: call.function.name,
    input: JSON.stringify(call.function.arguments),
  };
}
