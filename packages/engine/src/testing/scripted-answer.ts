import type { CompletionRequest, ModelSpec, TokenProbability } from "../engine.ts";
import type { EngineErrorCode } from "../errors.ts";

export type ScriptedLogprobs = readonly (TokenProbability & { readonly top: readonly TokenProbability[] })[];

export interface ScriptedPiece {
  readonly text: string;
  readonly logprobs?: ScriptedLogprobs;
  /** Waits before the piece comes; an abort ends the wait. */
  readonly delayMs?: number;
}

/** One answer of the scripted engine: pieces of text, and how it ends. */
export interface ScriptedAnswer {
  /** Each piece becomes one `text-delta`, empty ones too. */
  readonly pieces?: readonly (string | ScriptedPiece)[];
  /**
   * `normal` (default): a `generation-end`; `missing`: the stream ends without one; an error: thrown after
   * the pieces, as it would come over IPC.
   */
  readonly end?: "normal" | "missing" | { readonly code: EngineErrorCode; readonly message: string };
  readonly reason?: "stop" | "length";
  readonly stopSequence?: string;
  /** Absent: one per code point of the prompt. */
  readonly promptTokens?: number;
  readonly cachedTokens?: number;
  readonly promptMs?: number;
  /** Absent: one per code point of the pieces. */
  readonly generatedTokens?: number;
  readonly generatedMs?: number;
  /** Pieces as they are: stop sequences and `maxTokens` of the request are not obeyed. */
  readonly verbatim?: boolean;
}

/** What reached the engine, in order. */
export interface ScriptedCall {
  readonly spec: ModelSpec;
  readonly request: CompletionRequest;
}

export type Script = (
  request: CompletionRequest,
  spec: ModelSpec,
) => ScriptedAnswer | Promise<ScriptedAnswer>;
