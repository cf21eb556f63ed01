/** The config blob: what a model is, readable without opening its weights. Wire words are Ollama's. */
export interface ModelConfig {
  /** `gguf` or `safetensors` */
  readonly model_format: string;
  readonly model_family: string;
  readonly model_families: readonly string[] | null;
  /** parameter size as text, such as `1.2B` */
  readonly model_type: string;
  /** quantization, such as `Q4_K_M` */
  readonly file_type: string;
  readonly renderer?: string;
  readonly parser?: string;
  /** lowest server version, semver */
  readonly requires?: string;
  readonly remote_host?: string;
  readonly remote_model?: string;
  readonly capabilities?: readonly string[];
  readonly context_length?: number;
  readonly embedding_length?: number;
  readonly base_name?: string;
  readonly draft?: Readonly<Record<string, unknown>>;
  readonly architecture: string;
  readonly os: string;
  readonly rootfs?: unknown;
}
