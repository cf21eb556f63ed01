import type { Message, ThinkValue, ToolCall } from "../message.ts";
import type { Options } from "../options.ts";
import type { Tool } from "../tool.ts";

/** Seconds, or a Go duration such as `5m`; negative = forever, 0 = unload at once. */
export type KeepAlive = number | string;

/** `"json"`, or a JSON Schema object. */
export type Format = "json" | Readonly<Record<string, unknown>>;

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  /** UTF-8 bytes of the token, also where they are only a part of a character. */
  readonly bytes?: readonly number[];
}

export interface Logprob extends TokenLogprob {
  readonly top_logprobs?: readonly TokenLogprob[];
}

/** Durations in nanoseconds; a field that is zero is absent. */
export interface Metrics {
  readonly total_duration?: number;
  readonly load_duration?: number;
  readonly prompt_eval_count?: number;
  readonly prompt_eval_duration?: number;
  readonly eval_count?: number;
  readonly eval_duration?: number;
}

interface GenerationRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly format?: Format | "" | null;
  readonly keep_alive?: KeepAlive;
  readonly options?: Options | null;
  readonly think?: ThinkValue | null;
  readonly truncate?: boolean;
  readonly shift?: boolean;
  readonly logprobs?: boolean;
  readonly top_logprobs?: number;
  readonly _debug_render_only?: boolean;
}

export interface GenerateRequest extends GenerationRequest {
  readonly prompt?: string;
  readonly suffix?: string;
  readonly system?: string;
  readonly template?: string;
  /** Tokens of an earlier answer; deprecated by Ollama, still honoured. */
  readonly context?: readonly number[];
  readonly raw?: boolean;
  readonly images?: readonly string[];
}

export interface ChatRequest extends GenerationRequest {
  readonly messages?: readonly Message[];
  readonly tools?: readonly Tool[];
}

interface GenerationResponse extends Metrics {
  readonly model: string;
  readonly created_at: string;
  readonly done: boolean;
  /** `stop`, `length`, `load`, `unload`. */
  readonly done_reason?: string;
  readonly logprobs?: readonly Logprob[];
  readonly _debug_info?: { readonly rendered_template: string; readonly image_count?: number };
}

export interface GenerateResponse extends GenerationResponse {
  readonly response: string;
  readonly thinking?: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly context?: readonly number[];
}

export interface ChatResponse extends GenerationResponse {
  readonly message: Message;
}

export interface EmbedRequest {
  readonly model: string;
  readonly input: string | readonly string[];
  readonly truncate?: boolean;
  readonly dimensions?: number;
  readonly keep_alive?: KeepAlive;
  readonly options?: Options | null;
}

export interface EmbedResponse {
  readonly model: string;
  readonly embeddings: readonly (readonly number[])[];
  readonly total_duration?: number;
  readonly load_duration?: number;
  readonly prompt_eval_count?: number;
}

/** The legacy single-prompt form. */
export interface EmbeddingsRequest {
  readonly model: string;
  readonly prompt: string;
  readonly keep_alive?: KeepAlive;
  readonly options?: Options | null;
}

export interface EmbeddingsResponse {
  readonly embedding: readonly number[];
}
