import type { TokenProbability } from "../engine.ts";
import { mostLikely } from "./most-likely.ts";

/** Tokens with their logits. */
export interface Distribution {
  /** Absent: the logits are those of the whole vocabulary, in order. */
  readonly ids?: Int32Array;
  readonly logits: Float32Array;
}

export interface LogprobOptions {
  readonly token: number;
  /** How many of the most likely tokens to list. */
  readonly top: number;
  readonly piece: (token: number) => Uint8Array;
}

/** Logarithms of probability over a whole distribution. */
export function tokenLogprobs(
  { ids, logits }: Distribution,
  { token, top, piece }: LogprobOptions,
): TokenProbability & { readonly top: readonly TokenProbability[] } {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const normalizer = largest + Math.log(sum);
  const describe = (index: number, id: number): TokenProbability => {
    const bytes = piece(id);
    const logprob = (logits[index] ?? Number.NEGATIVE_INFINITY) - normalizer;
    return { id, token: new TextDecoder().decode(bytes), bytes: [...bytes], logprob };
  };
  return {
    ...describe(ids === undefined ? token : ids.indexOf(token), token),
    // What is forbidden is no alternative.
    top: mostLikely(logits, top)
      .filter((index) => logits[index] !== Number.NEGATIVE_INFINITY)
      .map((index) => describe(index, ids?.[index] ?? index)),
  };
}
