/**
 * Tokens of one decode that may have logits: one of each sequence, or those of a draft and the one before. With as many as
 * a batch has they would take gigabytes for large vocabularies.
 */
export function decodeOutputs(context: {
  readonly parallel: number;
  readonly draftTokens: number;
  readonly batchTokens: number;
}): number {
  return Math.min(Math.max(context.parallel, 1 + context.draftTokens), context.batchTokens);
}
