import type { Logprob, ToolCall } from "@puna/protocol";

/** One piece of an answer: what one step of the engine meant. Empty parts are "" or []. */
export interface AnswerPart {
  readonly content: string;
  readonly thinking: string;
  readonly toolCalls: readonly ToolCall[];
  readonly logprobs?: readonly Logprob[];
}

/** What a generation cost. Times in milliseconds. */
export interface GenerationMetrics {
  readonly totalMs: number;
  readonly loadMs: number;
  /** Prompt tokens, cached ones included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly promptMs: number;
  readonly generatedTokens: number;
  readonly generatedMs: number;
}

export interface RequestTimes {
  /** When the request came, on the server's clock. */
  readonly arrivedAtMs: number;
}

/** `repeat`: stopped here because the model said the same thing over and over. */
export type EndReason = "stop" | "length" | "repeat";

/**
 * What the chat and generate services yield. `generation-start` says that everything was accepted and the engine is
 * asked next; after any number of `answer-delta` comes `generation-end`. The other three stand alone.
 */
export type GenerationEvent =
  | { readonly type: "generation-start" }
  | ({ readonly type: "answer-delta" } & AnswerPart)
  | ({
      readonly type: "generation-end";
      readonly reason: EndReason;
      readonly stopSequence?: string;
      readonly metrics: GenerationMetrics;
      /** Prompt and answer as tokens; not for raw prompts. */
      readonly context?: readonly number[];
      /** How many messages were left out to fit the context. */
      readonly droppedMessages: number;
    } & AnswerPart)
  | { readonly type: "model-load" }
  | { readonly type: "model-unload" }
  | { readonly type: "prompt-render"; readonly prompt: string; readonly imageCount: number };
