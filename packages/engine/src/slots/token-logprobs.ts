import type { TokenProbability } from "../engine.ts";
import { mostLikely } from "./most-likely.ts";

export interface LogprobOptions {
  readonly token: number;
  /** How many of the most likely tokens to list. */
  readonly top: number;
  readonly piece: (token: number) => Uint8Array;
}

/** Logarithms of probability over the whole distribution, before any sampler. */
export function tokenLogprobs(
  logits: Float32Array,
  { token, top, piece }: LogprobOptions,
): TokenProbability & { readonly top: readonly TokenProbability[] } {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const normalizer = largest + Math.log(sum);
  const describe = (id: number): TokenProbability => {
    const bytes = piece(id);
    const logprob = (logits[id] ?? Number.NEGATIVE_INFINITY) - normalizer;
    return { id, token: new TextDecoder().decode(bytes), bytes: [...bytes], logprob };
  };
  return { ...describe(token), top: mostLikely(logits, top).map(describe) };
}
