import type { ModelLoadOptions, SamplingParameters } from "@puna/engine";
import type { FullOptions } from "./read-options.ts";

/** The engine's own least context; smaller wishes are raised to it. */
const minContextTokens = 4;

/** How much may be generated at most when nobody says so, in contexts. @source ollama llm/server.go */
const maxContextsGenerated = 10;

/** The options that make one loaded model differ from another. */
export function toLoadOptions(
  options: FullOptions,
  defaults: ModelLoadOptions,
  embedding: boolean,
): ModelLoadOptions {
  const contextTokens = options.num_ctx ?? defaults.contextTokens;
  return {
    ...defaults,
    ...(contextTokens !== undefined && { contextTokens: Math.max(minContextTokens, contextTokens) }),
    ...(options.num_batch !== undefined && options.num_batch > 0 && { batchTokens: options.num_batch }),
    ...(options.num_gpu !== undefined && options.num_gpu >= 0 && { gpuLayers: options.num_gpu }),
    ...(options.main_gpu !== undefined && { mainGpu: options.main_gpu }),
    ...(options.use_mmap !== undefined && { useMmap: options.use_mmap }),
    ...(options.num_thread !== undefined && options.num_thread > 0 && { threads: options.num_thread }),
    ...(embedding && { embedding }),
  };
}

export function toSampling(options: FullOptions): SamplingParameters {
  const { mirostat, logit_bias: bias } = options;
  return {
    temperature: options.temperature,
    topK: options.top_k,
    topP: options.top_p,
    minP: options.min_p,
    // Zero is no wish: Ollama leaves it out.
    ...(options.typical_p !== 0 && { typicalP: options.typical_p }),
    repeatPenalty: options.repeat_penalty,
    repeatLastN: options.repeat_last_n,
    presencePenalty: options.presence_penalty,
    frequencyPenalty: options.frequency_penalty,
    ...(options.seed >= 0 && { seed: options.seed }),
    ...((mirostat === 1 || mirostat === 2) && { mirostat }),
    ...(options.mirostat_tau !== undefined && { mirostatTau: options.mirostat_tau }),
    ...(options.mirostat_eta !== undefined && { mirostatEta: options.mirostat_eta }),
    ...(options.dry_multiplier !== undefined && { dryMultiplier: options.dry_multiplier }),
    ...(options.dry_base !== undefined && { dryBase: options.dry_base }),
    ...(options.dry_allowed_length !== undefined && { dryAllowedLength: options.dry_allowed_length }),
    ...(options.dry_penalty_last_n !== undefined && { dryPenaltyLastN: options.dry_penalty_last_n }),
    ...(options.dry_sequence_breakers !== undefined && {
      drySequenceBreakers: options.dry_sequence_breakers,
    }),
    ...(options.xtc_probability !== undefined && { xtcProbability: options.xtc_probability }),
    ...(options.xtc_threshold !== undefined && { xtcThreshold: options.xtc_threshold }),
    ...(bias !== undefined && {
      logitBias: Object.entries(bias).map(([token, value]) => ({ token: Number(token), bias: value })),
    }),
    ...(options.ignore_eos !== undefined && { ignoreEos: options.ignore_eos }),
  };
}

/**
 * Tokens to generate at most.
 * @returns undefined for "until the model stops" (`num_predict` 0, as llama.cpp has it)
 */
export function maxTokens(numPredict: number, contextTokens: number): number | undefined {
  const limit = maxContextsGenerated * contextTokens;
  if (numPredict === 0) return undefined;
  return numPredict < 0 || numPredict > limit ? limit : numPredict;
}
