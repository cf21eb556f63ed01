/**
 * The engine port: text in, tokens out. No HTTP, no chat messages, no templates.
 * Everything above it is tested with the deterministic engine of `@puna/engine/testing`.
 */

/** Which files and load-time settings make one runner. Equal specs share a runner. */
export interface ModelSpec {
  /** Absolute path of the GGUF; two names with the same blob share a runner. */
  readonly modelPath: string;
  readonly adapters?: readonly { readonly path: string; readonly scale: number }[];
  readonly projectorPaths?: readonly string[];
  readonly load?: ModelLoadOptions;
}

export interface ModelLoadOptions {
  /** Absent: chosen from memory and the trained length. */
  readonly contextTokens?: number;
  readonly batchTokens?: number;
  /** Layers on GPU; absent or -1 = as many as fit, 0 = CPU only. */
  readonly gpuLayers?: number;
  readonly mainGpu?: number;
  readonly useMmap?: boolean;
  readonly threads?: number;
  /** `f16`, `q8_0`, `q4_0`; the quantized ones need flash attention. */
  readonly kvCacheType?: string;
  readonly flashAttention?: boolean;
  /** `true` for embedding models: sequences are pooled, not continued. */
  readonly embedding?: boolean;
}

/** `-1` = forever, `0` = unload when idle. */
export type KeepAliveMs = number;

export interface AcquireOptions {
  readonly keepAliveMs?: KeepAliveMs;
  readonly signal?: AbortSignal;
  /** Interactive requests are served before batch ones. */
  readonly priority?: "interactive" | "batch";
  /** Fair share is kept between clients. */
  readonly clientId?: string;
  /** Name shown by `loaded()`; opaque to the engine. */
  readonly label?: string;
}

export interface LoadedModelInfo {
  readonly modelPath: string;
  readonly label?: string;
  /** Per sequence, after clamping to the trained length. */
  readonly contextTokens: number;
  readonly trainedContextTokens: number;
  readonly parallel: number;
  readonly sizeBytes: number;
  readonly vramBytes: number;
  /** `llama/native`, `llama/portable`, `scripted`. */
  readonly driver: string;
  readonly pid?: number;
  readonly loadMs: number;
  /** Epoch ms; `undefined` = never. */
  readonly expiresAtMs?: number;
  readonly activeRequests: number;
  readonly embeddingLength: number;
}

/**
 * Why a model left memory: its keep-alive ended, another took its place, it was loaded anew with other settings,
 * somebody asked for it, its process failed, or the engine was closed.
 */
export type UnloadReason = "expired" | "evicted" | "reloaded" | "requested" | "failed" | "closed";

export type EngineEvent =
  | { readonly type: "model-load"; readonly model: LoadedModelInfo }
  | { readonly type: "model-unload"; readonly model: LoadedModelInfo; readonly reason: UnloadReason };

export interface Engine extends AsyncDisposable {
  /**
   * Leases the model, loading it first when needed; waits in a bounded queue.
   * @throws EngineError `QUEUE_FULL`, `LOAD_FAILED`, `LOAD_TIMEOUT`, `OUT_OF_MEMORY`, `ABORTED`
   */
  acquire(spec: ModelSpec, options?: AcquireOptions): Promise<ModelLease>;
  loaded(): readonly LoadedModelInfo[];
  /** Expires the runner of this file now, or once its running requests end. @returns whether one was loaded */
  unload(modelPath: string): Promise<boolean>;
  /** Calls the listener, which must not throw, when a model comes or goes. @returns a function that ends it */
  observe(listener: (event: EngineEvent) => void): () => void;
}

/** One request's hold on a loaded model; disposing starts the keep-alive clock. */
export interface ModelLease extends AsyncDisposable {
  readonly info: LoadedModelInfo;
  /** Streams one completion. Aborting frees its slot within one batch. @throws EngineError as it happens */
  complete(request: CompletionRequest, signal?: AbortSignal): AsyncIterable<TokenEvent>;
  /** @param addSpecial  add BOS/EOS as the model's tokenizer asks; special tokens in the text are always recognised */
  tokenize(text: string, options?: { readonly addSpecial?: boolean }): Promise<readonly number[]>;
  /** Token ids outside the vocabulary are an `INVALID_REQUEST`. Special tokens are written as text. */
  detokenize(tokens: readonly number[]): Promise<string>;
  /** One vector per input, raw as pooled by the model (not normalised). */
  embed(inputs: readonly (readonly number[])[], signal?: AbortSignal): Promise<readonly Float32Array[]>;
  /** Scores each document against the query, raw as the rank head gives it; for models that have one. */
  rank(query: string, documents: readonly string[], signal?: AbortSignal): Promise<readonly RankedDocument[]>;
}

export interface RankedDocument {
  readonly score: number;
  /** Tokens read for this document, query and separators included. */
  readonly tokens: number;
}

export interface CompletionRequest {
  /** Text is tokenised with the model's own BOS rule and special tokens; token ids are used as they are. */
  readonly prompt: string | readonly number[];
  readonly sampling: SamplingParameters;
  readonly stop?: readonly string[];
  /** Absent or negative: until the model stops or the context ends. */
  readonly maxTokens?: number;
  /** Prompt tokens kept when the context shifts; -1 = all. */
  readonly keepTokens?: number;
  /** `false`: end with reason `length` when the context is full. */
  readonly contextShift?: boolean;
  /** GBNF; the root rule is `root`. */
  readonly grammar?: string;
  /** How many alternatives per token; 0 = only the chosen token. Absent = none. */
  readonly logprobs?: number;
  /**
   * `before-samplers` (default): what the model says, over its whole vocabulary. `after-samplers`: what the token was
   * drawn from, when bias, penalties, grammar, filters and temperature had their say; at temperature 0 it alone.
   */
  readonly logprobsStage?: "before-samplers" | "after-samplers";
  /** Special tokens that must be streamed as text; others are hidden. */
  readonly preservedTokens?: readonly string[];
}

export interface SamplingParameters {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly typicalP?: number;
  readonly mirostat?: 0 | 1 | 2;
  readonly mirostatTau?: number;
  readonly mirostatEta?: number;
  readonly repeatPenalty?: number;
  /** 0 = off, -1 = whole context. */
  readonly repeatLastN?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly dryMultiplier?: number;
  readonly dryBase?: number;
  readonly dryAllowedLength?: number;
  readonly dryPenaltyLastN?: number;
  readonly drySequenceBreakers?: readonly string[];
  readonly xtcProbability?: number;
  readonly xtcThreshold?: number;
  readonly logitBias?: readonly { readonly token: number; readonly bias: number }[];
  readonly ignoreEos?: boolean;
  /** Absent = random. */
  readonly seed?: number;
}

export interface TokenProbability {
  readonly id: number;
  /** Lossy text of the token's bytes. */
  readonly token: string;
  readonly bytes: readonly number[];
  /** Natural logarithm over the full distribution of the stage that was asked for. */
  readonly logprob: number;
}

export type TokenEvent =
  | {
      /** Whole characters only; text that may begin a stop sequence is held back. */
      readonly type: "text-delta";
      readonly text: string;
      readonly logprobs?: readonly (TokenProbability & { readonly top: readonly TokenProbability[] })[];
    }
  | {
      readonly type: "generation-end";
      /** `stop`: end token or stop sequence; `length`: maxTokens or context. */
      readonly reason: "stop" | "length";
      readonly stopSequence?: string;
      /** Prompt and answer, as they stand in the sequence. */
      readonly tokens: readonly number[];
      readonly promptTokens: number;
      readonly cachedTokens: number;
      readonly promptMs: number;
      readonly generatedTokens: number;
      readonly generatedMs: number;
      /** Tokens that were tried because they stand in the prompt or the answer; absent where none were. */
      readonly draftedTokens?: number;
      /** Those of them that the answer has. */
      readonly acceptedDraftTokens?: number;
    };
