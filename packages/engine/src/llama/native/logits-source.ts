/** What samplers need of a context: the logits of its last decode. */
export interface LogitsSource {
  readonly contextTokens: number;
  /** Logits where they lie; they change with the next decode. */
  viewLogits(index: number): Float32Array;
  /** Samples and tells the sampler what it chose. */
  sample(sampler: bigint, index: number): number;
}
