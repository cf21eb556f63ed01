import type { Message } from "../message.ts";

/** `completion`, `tools`, `insert`, `vision`, `audio`, `embedding`, `thinking`, `image`. */
export type Capability = string;

export interface ModelDetails {
  readonly parent_model: string;
  readonly format: string;
  readonly family: string;
  readonly families: readonly string[] | null;
  readonly parameter_size: string;
  readonly quantization_level: string;
  readonly context_length?: number;
  readonly embedding_length?: number;
}

export interface ListedModel {
  readonly name: string;
  readonly model: string;
  readonly remote_model?: string;
  readonly remote_host?: string;
  readonly modified_at: string;
  /** Bytes of all layers and the config. */
  readonly size: number;
  /** Hex sha256 of the manifest file, without `sha256:`. */
  readonly digest: string;
  readonly details: ModelDetails;
  readonly capabilities?: readonly Capability[];
}

export interface ListResponse {
  readonly models: readonly ListedModel[];
}

export interface RunningModel {
  readonly name: string;
  readonly model: string;
  readonly size: number;
  readonly digest: string;
  readonly details: ModelDetails;
  readonly expires_at: string;
  readonly size_vram: number;
  readonly context_length: number;
}

export interface PsResponse {
  readonly models: readonly RunningModel[];
}

export interface ShowRequest {
  readonly model?: string;
  /** Old name of `model`. */
  readonly name?: string;
  readonly system?: string;
  readonly template?: string;
  readonly verbose?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
}

export interface ShowResponse {
  readonly license?: string;
  readonly modelfile?: string;
  readonly parameters?: string;
  readonly template?: string;
  readonly system?: string;
  readonly details: ModelDetails;
  readonly messages?: readonly Message[];
  readonly remote_model?: string;
  readonly remote_host?: string;
  readonly model_info: Readonly<Record<string, unknown>>;
  readonly projector_info?: Readonly<Record<string, unknown>>;
  readonly tensors?: readonly TensorInfo[];
  readonly capabilities?: readonly Capability[];
  readonly modified_at?: string;
  readonly requires?: string;
}

/** One line of pull, push and create; zero-valued numbers are absent. */
export interface ProgressResponse {
  readonly status: string;
  readonly digest?: string;
  readonly total?: number;
  readonly completed?: number;
}

export interface PullRequest {
  readonly model?: string;
  readonly name?: string;
  readonly insecure?: boolean;
  readonly stream?: boolean;
}

export type PushRequest = PullRequest;

export interface CreateRequest {
  readonly model?: string;
  readonly name?: string;
  readonly stream?: boolean;
  readonly quantize?: string;
  readonly quantization?: string;
  readonly draft_quantize?: string;
  readonly from?: string;
  readonly remote_host?: string;
  /** Relative path → digest of an uploaded blob. */
  readonly files?: Readonly<Record<string, string>>;
  readonly draft_files?: Readonly<Record<string, string>>;
  readonly adapters?: Readonly<Record<string, string>>;
  readonly template?: string;
  readonly license?: string | readonly string[];
  readonly system?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly messages?: readonly Message[];
  readonly renderer?: string;
  readonly parser?: string;
  readonly requires?: string;
  readonly info?: Readonly<Record<string, unknown>>;
}

export interface CopyRequest {
  readonly source: string;
  readonly destination: string;
}

export interface DeleteRequest {
  readonly model?: string;
  readonly name?: string;
}

export interface VersionResponse {
  readonly version: string;
  /** Version of puna; absent when the server is Ollama. */
  readonly puna?: string;
}
