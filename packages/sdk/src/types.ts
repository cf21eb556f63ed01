import type * as Wire from "@puna/protocol";
import type { FormatInput } from "./structured-output.ts";

/** Answers are the caller's to change; requests are never changed by the client. */
export type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;

export type Fetch = typeof fetch;
export type Message = Mutable<Wire.Message>;
export type ToolCall = Mutable<Wire.ToolCall>;
export type Logprob = Mutable<Wire.Logprob>;
export type TokenLogprob = Mutable<Wire.TokenLogprob>;
export type ModelDetails = Mutable<Wire.ModelDetails>;
export type ModelResponse = Mutable<Wire.ListedModel>;
export type RunningModelResponse = Mutable<Wire.RunningModel>;

export type ChatResponse = Mutable<Wire.ChatResponse>;
export type GenerateResponse = Mutable<Wire.GenerateResponse>;
export type EmbedResponse = Mutable<Wire.EmbedResponse>;
export type EmbeddingsResponse = Mutable<Wire.EmbeddingsResponse>;
export type ListResponse = Mutable<Wire.ListResponse>;
export type PsResponse = Mutable<Wire.PsResponse>;
export type ShowResponse = Mutable<Wire.ShowResponse>;
export type ProgressResponse = Mutable<Wire.ProgressResponse>;
export type VersionResponse = Mutable<Wire.VersionResponse>;
export type DevicesResponse = Mutable<Wire.DevicesResponse>;
export type ErrorResponse = Mutable<Wire.WireError>;

export interface StatusResponse {
  status: string;
}

/** Options of old that `ollama` still has in its type; servers ignore them. */
type LegacyOption =
  | "numa"
  | "low_vram"
  | "f16_kv"
  | "logits_all"
  | "vocab_only"
  | "use_mlock"
  | "embedding_only"
  | "tfs_z"
  | "penalize_newline";

export type Options = Wire.Options & { readonly [Name in LegacyOption]?: unknown };

/** Picture or sound: its bytes, or standard base64 of them. */
export type ImageInput = Uint8Array | string;

/** A message as it may be given: pictures also as bytes. */
export interface MessageInput extends Omit<Wire.Message, "images"> {
  readonly images?: readonly ImageInput[];
}

/** A tool as it may be given: a JSON schema for its parameters, keywords that servers ignore included. */
export interface Tool {
  readonly type: string;
  readonly function: {
    readonly name?: string;
    readonly description?: string;
    readonly type?: string;
    readonly parameters?: { readonly type?: string; readonly [keyword: string]: unknown };
  };
}

interface GenerationInput<F extends FormatInput> {
  readonly model: string;
  readonly stream?: boolean;
  /** `"json"`, a JSON schema, or a schema object of zod or any library that gives one (Standard JSON Schema). */
  readonly format?: F;
  readonly keep_alive?: Wire.KeepAlive;
  readonly options?: Options;
  readonly think?: Wire.ThinkValue;
  readonly truncate?: boolean;
  readonly shift?: boolean;
  readonly logprobs?: boolean;
  readonly top_logprobs?: number;
}

export interface ChatRequest<F extends FormatInput = FormatInput> extends GenerationInput<F> {
  readonly messages?: readonly MessageInput[];
  readonly tools?: readonly Tool[];
}

export interface GenerateRequest<F extends FormatInput = FormatInput> extends GenerationInput<F> {
  readonly prompt?: string;
  readonly suffix?: string;
  readonly system?: string;
  readonly template?: string;
  readonly context?: readonly number[];
  readonly raw?: boolean;
  readonly images?: readonly ImageInput[];
  readonly width?: number;
  readonly height?: number;
  readonly steps?: number;
}

export type EmbedRequest = Omit<Wire.EmbedRequest, "options"> & { readonly options?: Options };
export type EmbeddingsRequest = Omit<Wire.EmbeddingsRequest, "options"> & { readonly options?: Options };

export interface PullRequest {
  readonly model: string;
  /** Plain HTTP instead of HTTPS. */
  readonly insecure?: boolean;
  readonly stream?: boolean;
}

export type PushRequest = PullRequest;

export type CreateRequest = Omit<Wire.CreateRequest, "model" | "name"> & { readonly model: string };
export type CopyRequest = Wire.CopyRequest;

export interface DeleteRequest {
  readonly model: string;
}

export type ShowRequest = Omit<Wire.ShowRequest, "model" | "name"> & { readonly model: string };

export interface WebSearchRequest {
  readonly query: string;
  readonly maxResults?: number;
  readonly max_results?: number;
}

export interface WebSearchResult {
  title?: string;
  url?: string;
  content: string;
}

export interface WebSearchResponse {
  results: WebSearchResult[];
}

export interface WebFetchRequest {
  readonly url: string;
}

export interface WebFetchResponse {
  title: string;
  url: string;
  content: string;
  links: string[];
}

/** Text, or JSON that the server renders as text. */
export type SystemOneContent = string | Readonly<Record<string, unknown>> | readonly unknown[];

export interface SystemOneChoiceQuestion {
  readonly type: "choice";
  readonly instructions: SystemOneContent;
  readonly criteria: Readonly<Record<string, string | null>>;
}

export interface SystemOneNoulQuestion {
  readonly type: "noul";
  readonly instructions: SystemOneContent;
  readonly criteria?: { readonly false?: string; readonly true?: string };
}

export interface SystemOneScoreQuestion {
  readonly type: "score";
  readonly instructions: SystemOneContent;
  readonly criteria: readonly string[];
}

export type SystemOneQuestion = SystemOneChoiceQuestion | SystemOneNoulQuestion | SystemOneScoreQuestion;

export interface SystemOneRequest {
  readonly model: string;
  readonly state: SystemOneContent;
  readonly questions: Readonly<Record<string, SystemOneQuestion>>;
  readonly keep_alive?: Wire.KeepAlive;
}

export interface SystemOneNoulAnswer {
  type: "noul";
  noul: number;
}

export interface SystemOneChoiceAnswer {
  type: "choice";
  choice: string;
  probabilities: Record<string, number>;
  confidence: number;
}

export interface SystemOneScoreAnswer {
  type: "score";
  score: number;
  legend: Record<string, string>;
  probabilities: Record<string, number>;
  confidence: number;
}

export type SystemOneAnswer = SystemOneNoulAnswer | SystemOneChoiceAnswer | SystemOneScoreAnswer;

export interface SystemOneUsage {
  input_tokens: number;
  output_tokens: number;
}

export interface SystemOneResponse {
  model: string;
  answers: Record<string, SystemOneAnswer>;
  usage: SystemOneUsage;
}
