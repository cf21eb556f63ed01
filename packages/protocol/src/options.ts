/** Options that change a loaded model: a different value reloads it. Ollama's names and units. */
export interface LoadOptions {
  readonly num_ctx?: number;
  readonly num_batch?: number;
  readonly num_gpu?: number;
  readonly main_gpu?: number;
  readonly use_mmap?: boolean;
  readonly num_thread?: number;
  readonly draft_num_predict?: number;
}

/** Options of one generation. The second group is ours: what llama.cpp can do and Ollama has no name for. */
export interface SamplingOptions {
  readonly num_keep?: number;
  readonly seed?: number;
  readonly num_predict?: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly min_p?: number;
  readonly typical_p?: number;
  readonly repeat_last_n?: number;
  readonly repeat_penalty?: number;
  readonly presence_penalty?: number;
  readonly frequency_penalty?: number;
  readonly temperature?: number;
  readonly stop?: readonly string[];

  readonly mirostat?: number;
  readonly mirostat_tau?: number;
  readonly mirostat_eta?: number;
  readonly dry_multiplier?: number;
  readonly dry_base?: number;
  readonly dry_allowed_length?: number;
  readonly dry_penalty_last_n?: number;
  readonly dry_sequence_breakers?: readonly string[];
  readonly xtc_probability?: number;
  readonly xtc_threshold?: number;
  /** Token id (as decimal text) → added logit. */
  readonly logit_bias?: Readonly<Record<string, number>>;
  readonly ignore_eos?: boolean;
  /** `logprobs` tell what the token was drawn from, after all samplers, and not what the model says. */
  readonly post_sampling_probs?: boolean;
}

export type Options = LoadOptions & SamplingOptions;
