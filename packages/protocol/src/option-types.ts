import type { Options } from "./options.ts";

export type OptionType = "integer" | "float32" | "boolean" | "array" | "object";

/** Type of every option on the wire, in Ollama's words. */
export const optionTypes: Readonly<Record<keyof Options, OptionType>> = {
  num_ctx: "integer",
  num_batch: "integer",
  num_gpu: "integer",
  main_gpu: "integer",
  use_mmap: "boolean",
  num_thread: "integer",
  draft_num_predict: "integer",
  num_keep: "integer",
  seed: "integer",
  num_predict: "integer",
  top_k: "integer",
  top_p: "float32",
  min_p: "float32",
  typical_p: "float32",
  repeat_last_n: "integer",
  repeat_penalty: "float32",
  presence_penalty: "float32",
  frequency_penalty: "float32",
  temperature: "float32",
  stop: "array",
  mirostat: "integer",
  mirostat_tau: "float32",
  mirostat_eta: "float32",
  dry_multiplier: "float32",
  dry_base: "float32",
  dry_allowed_length: "integer",
  dry_penalty_last_n: "integer",
  dry_sequence_breakers: "array",
  xtc_probability: "float32",
  xtc_threshold: "float32",
  logit_bias: "object",
  ignore_eos: "boolean",
  post_sampling_probs: "boolean",
};

export function isOptionName(name: string): name is keyof Options {
  return Object.hasOwn(optionTypes, name);
}

/** The number with the fewest digits that is the same 32-bit float, which is what engines compute with. */
export function toFloat32(value: number): number {
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(single.toPrecision(digits));
    if (Math.fround(shorter) === single) return shorter;
  }
  return Number(single.toPrecision(9));
}
