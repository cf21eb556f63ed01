import type { ChatResponse, Message, ToolCall } from "../types.ts";

/** Why a run ended: the model had nothing more to call, or a limit was reached. */
export type StopReason = "answered" | "step-limit" | "call-limit";

/** What happens in a run, in order. Steps count from 1; one step is one request to the model and its calls. */
export type AgentEvent =
  | { readonly type: "step-start"; readonly step: number }
  | { readonly type: "thinking-delta"; readonly step: number; readonly text: string }
  | { readonly type: "text-delta"; readonly step: number; readonly text: string }
  | { readonly type: "tool-call"; readonly step: number; readonly call: ToolCall }
  | { readonly type: "tool-result"; readonly step: number; readonly call: ToolCall; readonly result: unknown }
  | { readonly type: "tool-error"; readonly step: number; readonly call: ToolCall; readonly error: unknown }
  | { readonly type: "step-end"; readonly step: number; readonly response: ChatResponse }
  | { readonly type: "run-end"; readonly result: AgentResult };

/** What a run came to. */
export interface AgentResult {
  /** The model's last text; empty when a limit cut the run in the middle of calls. */
  readonly text: string;
  readonly stopReason: StopReason;
  /** The whole conversation: what was given, what the model said, what the tools answered. */
  readonly messages: readonly Message[];
  /** Requests to the model. */
  readonly steps: number;
  /** Calls that were run, failed ones included. */
  readonly toolCalls: number;
  /** Tokens of all steps. */
  readonly promptTokens: number;
  readonly answerTokens: number;
}
