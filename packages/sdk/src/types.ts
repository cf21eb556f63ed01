import type * as Wire from "@puna/protocol";
import type { FormatInput } from "./structured-output.ts";

/** Answers are the caller's to change; requests are never changed by the client. */
export type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;

/** How requests travel: the runtime's `fetch`, or the one of a server in the same process. */
export type Fetch = typeof fetch;
/**
 * One turn of a conversation as the server sends it. `role` is `system`, `user`, `assistant` or `tool`; `thinking` is what
 * the model thought before `content`; `images` are standard base64 without a prefix.
 */
export type Message = Mutable<Wire.Message>;
/**
 * A call that the model asks for: `function.name`, and `function.arguments` as an object. Answer it with a message of the
 * role `tool` that has `tool_name`, and the call's `id` as `tool_call_id` where there is one.
 */
export type ToolCall = Mutable<Wire.ToolCall>;
/** A token of the answer with its natural-log probability, and in `top_logprobs` the most likely ones of its place. */
export type Logprob = Mutable<Wire.Logprob>;
/**
 * A token and its natural-log probability (0 or less). `bytes` are its UTF-8 bytes: it may be a part of a character.
 */
export type TokenLogprob = Mutable<Wire.TokenLogprob>;
/**
 * What a model is: `family` such as `llama`, `parameter_size` such as `7.6B`, `quantization_level` such as `Q4_K_M`,
 * `context_length` and `embedding_length` in tokens and numbers, where the server tells them.
 */
export type ModelDetails = Mutable<Wire.ModelDetails>;
/**
 * A model on the server's disk. `size` in bytes with all its files, `digest` the hex sha256 of its manifest, `modified_at`
 * an RFC 3339 time.
 */
export type ModelResponse = Mutable<Wire.ListedModel>;
/**
 * A model in memory. `size` and `size_vram` (its part on GPUs) in bytes, `context_length` in tokens, `expires_at` the RFC
 * 3339 time at which it is unloaded if nobody asks.
 */
export type RunningModelResponse = Mutable<Wire.RunningModel>;

/**
 * The answer of `chat`, or one piece of it. The last one has `done: true`, `done_reason` (`stop`, `length`, `load`,
 * `unload`), counts in tokens and durations in nanoseconds; numbers that are zero are absent.
 */
export type ChatResponse = Mutable<Wire.ChatResponse>;
/**
 * The answer of `generate`, or one piece of it: text in `response`; the last one as in {@link ChatResponse}, and with
 * `context`, tokens that continue the conversation.
 */
export type GenerateResponse = Mutable<Wire.GenerateResponse>;
/**
 * `embeddings`: one vector for each text, in order, of length 1. Durations in nanoseconds, `prompt_eval_count` in tokens.
 */
export type EmbedResponse = Mutable<Wire.EmbedResponse>;
/** `embedding`: the vector of the one text, not brought to length 1. */
export type EmbeddingsResponse = Mutable<Wire.EmbeddingsResponse>;
/** `models`: all models on the server's disk, newest first. */
export type ListResponse = Mutable<Wire.ListResponse>;
/** `models`: all models in memory. */
export type PsResponse = Mutable<Wire.PsResponse>;
/**
 * Everything about a model: `modelfile`, `parameters` and `template` as text, `capabilities` (`completion`, `tools`,
 * `vision`, `thinking`, `embedding`, …), `model_info` with the keys of its GGUF file; with `verbose` its tensors too.
 */
export type ShowResponse = Mutable<Wire.ShowResponse>;
/**
 * One step of a pull, push or create. `status` for people; for a layer also its `digest`, and `completed` of `total` bytes
 * (absent where zero). The last `status` is `success`.
 */
export type ProgressResponse = Mutable<Wire.ProgressResponse>;
/** `version`: that of Ollama which the server behaves as. `puna`: its own, where it is puna. */
export type VersionResponse = Mutable<Wire.VersionResponse>;
/** What models can run on, memory in bytes, and the library that runs them. */
export type DevicesResponse = Mutable<Wire.DevicesResponse>;
/** How a refusal looks on the wire; the client throws a `PunaError` with its text instead. */
export type ErrorResponse = Mutable<Wire.WireError>;

/** Answer of calls that have nothing to tell: `status` is `success`. */
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

/**
 * How text is chosen and the model loaded, by the names of a Modelfile: `temperature`, `top_p`, `num_ctx` (tokens),
 * `num_predict` (tokens; -1 = no limit), `seed`, `stop`, … Absent ones are the model's own.
 */
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
  /** Its name, such as `qwen3` or `qwen3:8b`. */
  readonly model: string;
  /** Give the answer piece by piece, as an async iterable; false by default. */
  readonly stream?: boolean;
  /** `"json"`, a JSON schema, or a schema object of zod or any library that gives one (Standard JSON Schema). */
  readonly format?: F;
  /** How long the model stays in memory afterwards: `"5m"`, seconds, -1 = forever, 0 = not at all; 5 minutes by default. */
  readonly keep_alive?: Wire.KeepAlive;
  readonly options?: Options;
  /** On, off, or an effort; by default as the model does it. A model that cannot think refuses `true`. */
  readonly think?: Wire.ThinkValue;
  /** Leave out the oldest messages where all do not fit the context; true by default. */
  readonly truncate?: boolean;
  /** Drop the oldest tokens when the context is full in the middle of an answer; true by default. */
  readonly shift?: boolean;
  /** Tell how likely each token was. */
  readonly logprobs?: boolean;
  /** And so many others of its place, up to 20. */
  readonly top_logprobs?: number;
}

/**
 * A conversation for a model to go on with. `tools` it may ask to call; calls come in the answer, `client.agent` runs them.
 */
export interface ChatRequest<F extends FormatInput = FormatInput> extends GenerationInput<F> {
  readonly messages?: readonly MessageInput[];
  readonly tools?: readonly Tool[];
}

/** A prompt for a model to go on with. */
export interface GenerateRequest<F extends FormatInput = FormatInput> extends GenerationInput<F> {
  /** Empty: only load the model. */
  readonly prompt?: string;
  /** What stands behind the text to be written, for models that fill in. */
  readonly suffix?: string;
  /** Instead of the model's own system message. */
  readonly system?: string;
  /** Instead of the model's own template. */
  readonly template?: string;
  /** `context` of an earlier answer. */
  readonly context?: readonly number[];
  /** Send the prompt as it is, without a template. */
  readonly raw?: boolean;
  readonly images?: readonly ImageInput[];
  /** Size in pixels and steps of a picture to make; of models that make pictures, which puna does not run. */
  readonly width?: number;
  readonly height?: number;
  readonly steps?: number;
}

/**
 * `input`: a text or several. `dimensions` cuts vectors to so many numbers and brings them back to length 1; without
 * `truncate: false`, texts longer than the context are cut instead of refused.
 */
export type EmbedRequest = Omit<Wire.EmbedRequest, "options"> & { readonly options?: Options };
/** The old form of {@link EmbedRequest}, for the one text `prompt`. */
export type EmbeddingsRequest = Omit<Wire.EmbeddingsRequest, "options"> & { readonly options?: Options };

/** Which model to fetch: `name:tag`, or with its registry, such as `hf.co/org/repo:Q4_K_M`. */
export interface PullRequest {
  readonly model: string;
  /** Plain HTTP instead of HTTPS. */
  readonly insecure?: boolean;
  readonly stream?: boolean;
}

/** Which model to send; its name says to which registry. */
export type PushRequest = PullRequest;

/**
 * What a new model is made of: another one (`from`), or files by path and digest of blobs that were uploaded before
 * (`client.blobs`; `createFromModelfile` of `@puna/sdk/node` does all of it), and what it changes about them.
 */
export type CreateRequest = Omit<Wire.CreateRequest, "model" | "name"> & { readonly model: string };
/** The model `source` gets the second name `destination`. */
export type CopyRequest = Wire.CopyRequest;

/** Which name to remove. */
export interface DeleteRequest {
  readonly model: string;
}

/** Which model to describe; `verbose` adds its tensors and long lists. */
export type ShowRequest = Omit<Wire.ShowRequest, "model" | "name"> & { readonly model: string };

/** What ollama.com is to search for. */
export interface WebSearchRequest {
  readonly query: string;
  /** 5 by default, 10 at most. */
  readonly maxResults?: number;
  /** The same by its name on the wire. */
  readonly max_results?: number;
}

/** One page that was found. */
export interface WebSearchResult {
  title?: string;
  url?: string;
  content: string;
}

/** What ollama.com found, the best first. */
export interface WebSearchResponse {
  results: WebSearchResult[];
}

/** Which page ollama.com is to read. */
export interface WebFetchRequest {
  readonly url: string;
}

/** A page as text, and where its links lead. */
export interface WebFetchResponse {
  title: string;
  url: string;
  content: string;
  links: string[];
}

/** Text, or JSON that the server renders as text. */
export type SystemOneContent = string | Readonly<Record<string, unknown>> | readonly unknown[];

/** Which of several fits: `criteria` describes each by its name; null leaves it to the name. */
export interface SystemOneChoiceQuestion {
  readonly type: "choice";
  readonly instructions: SystemOneContent;
  readonly criteria: Readonly<Record<string, string | null>>;
}

/** Yes or no; `criteria` may say what makes it either. */
export interface SystemOneNoulQuestion {
  readonly type: "noul";
  readonly instructions: SystemOneContent;
  readonly criteria?: { readonly false?: string; readonly true?: string };
}

/** How much: `criteria` describes the grades, the lowest first. */
export interface SystemOneScoreQuestion {
  readonly type: "score";
  readonly instructions: SystemOneContent;
  readonly criteria: readonly string[];
}

/** A question about `state`, told apart by `type`. */
export type SystemOneQuestion = SystemOneChoiceQuestion | SystemOneNoulQuestion | SystemOneScoreQuestion;

/** Questions about one state, by names that the answers have again. */
export interface SystemOneRequest {
  readonly model: string;
  /** What the questions are about. */
  readonly state: SystemOneContent;
  readonly questions: Readonly<Record<string, SystemOneQuestion>>;
  readonly keep_alive?: Wire.KeepAlive;
}

/** `noul`: how likely yes is, from 0 to 1. */
export interface SystemOneNoulAnswer {
  type: "noul";
  noul: number;
}

/** The name that fits best, and how likely each is; all probabilities together are 1. */
export interface SystemOneChoiceAnswer {
  type: "choice";
  choice: string;
  probabilities: Record<string, number>;
  confidence: number;
}

/** The expected grade, counted from 0 and perhaps between two; what each is called, and how likely each is. */
export interface SystemOneScoreAnswer {
  type: "score";
  score: number;
  legend: Record<string, string>;
  probabilities: Record<string, number>;
  confidence: number;
}

/** The answer of a question of the same `type`. */
export type SystemOneAnswer = SystemOneNoulAnswer | SystemOneChoiceAnswer | SystemOneScoreAnswer;

/** Tokens read and written for all questions together. */
export interface SystemOneUsage {
  input_tokens: number;
  output_tokens: number;
}

/** An answer for each question, by its name. */
export interface SystemOneResponse {
  model: string;
  answers: Record<string, SystemOneAnswer>;
  usage: SystemOneUsage;
}
