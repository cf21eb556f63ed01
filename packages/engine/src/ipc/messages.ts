import type { NativeOverride } from "@puna/model-format/gguf";
import type { CompletionRequest, TokenEvent } from "../engine.ts";
import type { EngineErrorCode } from "../errors.ts";

/** Raised with every change of a message; host and child of different versions refuse each other. */
export const ipcVersion = 7;

/** What a runner loads, decided by the host: nothing is left to guess in the child. */
export interface RunnerSpec {
  readonly driver: "auto" | "native" | "portable";
  readonly modelPath: string;
  /** What is loaded in the place of `modelPath`: a copy with corrected metadata. */
  readonly filePath?: string;
  readonly adapters: readonly { readonly path: string; readonly scale: number }[];
  /** Per sequence. */
  readonly contextTokens: number;
  /** `contextTokens` is as long as the model was trained for: asking for more changes nothing. */
  readonly contextIsTrainedLength: boolean;
  /** Somebody asked for fewer tokens than everybody gets who asks for none. */
  readonly contextIsShort?: boolean;
  readonly parallel: number;
  readonly batchTokens: number;
  /** Most tokens that one decode tries because they stand in the prompt or the answer; 0 = none. */
  readonly draftTokens: number;
  /** -1 = as many as fit. */
  readonly gpuLayers: number;
  readonly mainGpu?: number;
  /** What the host expects it to take, for as many layers on GPUs as fit. */
  readonly planned?: {
    /** 0 = unknown */
    readonly blockCount: number;
    readonly weightsBytes: number;
    readonly contextBytes: number;
    readonly processBytes: number;
  };
  /** Left free on each GPU. */
  readonly gpuOverheadBytes?: number;
  /** What the machine has for it beside GPUs, where that is less than all of it: no more of it may be left there. */
  readonly hostRoomBytes?: number;
  /** Others can make room: rather fail with `OUT_OF_MEMORY` than leave layers to the processor. */
  readonly wholeOnGpu?: boolean;
  readonly useMmap?: boolean;
  /** 0 = chosen by the driver. */
  readonly threads: number;
  readonly kvCacheType: string;
  readonly flashAttention?: boolean;
  readonly embedding: boolean;
  /** Of an embedding model: what it says of a text is read off the last token, so that no other needs logits. */
  readonly poolsLast?: boolean;
  /** Corrections to metadata of files that llama.cpp would misread; the file stays as it is. */
  readonly kvOverrides: readonly KvOverride[];
  /** Bound of the saved sequence states, beside the context itself. */
  readonly promptCacheBytes: number;
  /** Where saved sequences outlive the runner; absent: nowhere. */
  readonly savedStates?: SavedStatesFolder;
}

export interface SavedStatesFolder {
  readonly folder: string;
  /** Of all models together. */
  readonly maxBytes: number;
}

export type KvOverride = NativeOverride;

/** What the child found when it had loaded the model. */
export interface RunnerFacts {
  readonly driver: string;
  /** Why it is not the driver that would have been chosen first. */
  readonly fallbackReason?: string;
  readonly contextTokens: number;
  readonly trainedContextTokens: number;
  /** Sequences that run side by side. */
  readonly parallel: number;
  readonly sizeBytes: number;
  readonly vramBytes: number;
  readonly embeddingLength: number;
}

/** Answer to `health`. */
export interface RunnerHealth {
  /** Decodes that ended. */
  readonly steps: number;
  /** What the process made for itself, without mapped files where the system tells. */
  readonly memoryBytes: number;
}

export type HostMessage =
  | { readonly type: "load"; readonly id: number; readonly spec: RunnerSpec }
  | { readonly type: "health"; readonly id: number }
  | {
      readonly type: "complete";
      readonly id: number;
      readonly request: CompletionRequest;
      readonly turn: RequestTurn;
    }
  | { readonly type: "tokenize"; readonly id: number; readonly text: string; readonly addSpecial: boolean }
  | { readonly type: "detokenize"; readonly id: number; readonly tokens: readonly number[] }
  | { readonly type: "embed"; readonly id: number; readonly inputs: readonly (readonly number[])[] }
  | {
      readonly type: "rank";
      readonly id: number;
      readonly query: string;
      readonly documents: readonly string[];
    }
  | { readonly type: "probe"; readonly id: number }
  /** The runner is about to be ended: what it knows of conversations goes to disk, within a few seconds. */
  | { readonly type: "retire"; readonly id: number }
  | ({ readonly type: "quantize"; readonly id: number } & QuantizeSpec)
  /** `id` is that of the request to stop; it still ends with `done` or `failed`. */
  | { readonly type: "cancel"; readonly id: number };

export interface QuantizeSpec {
  readonly input: string;
  readonly output: string;
  /** llama.cpp's number of the type. */
  readonly fileType: number;
  /** 0 = all cores. */
  readonly threads: number;
}

export interface EngineProbe {
  /** What `auto` takes on this machine. */
  readonly driver: "llama/native" | "llama/portable";
  /** Why not the native one. */
  readonly fallbackReason?: string;
  /** Of llama.cpp, where the native driver loads it. */
  readonly version?: string;
  /** File of the matrix products that stand in for some of llama.cpp's. */
  readonly ownMatmul?: string;
  readonly devices: readonly EngineDevice[];
  /** Prebuilt llama.cpp libraries that are installed, in the order in which they are tried. */
  readonly libraries: readonly EngineLibrary[];
}

export interface EngineLibrary {
  readonly folder: string;
  /** The one that the native driver loaded. */
  readonly isLoaded: boolean;
  /** Has a backend for GPUs beside the processor's. */
  readonly hasGpu: boolean;
}

export interface EngineDevice {
  readonly name: string;
  readonly kind: "cpu" | "gpu" | "integrated-gpu" | "accelerator";
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Whose turn it is when slots are scarce. */
export interface RequestTurn {
  readonly priority: "interactive" | "batch";
  readonly clientId: string;
}

export interface IpcError {
  readonly code: EngineErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type ChildMessage =
  | { readonly type: "hello"; readonly version: number }
  | { readonly type: "event"; readonly id: number; readonly event: TokenEvent }
  /** Ends a request; `value` by request: RunnerFacts, decodes so far, tokens, text, vectors or scores. */
  | { readonly type: "done"; readonly id: number; readonly value?: unknown }
  | { readonly type: "failed"; readonly id: number; readonly error: IpcError };
