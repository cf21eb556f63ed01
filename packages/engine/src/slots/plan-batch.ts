export interface BatchCandidate {
  /** Tokens to be read before the next one can be sampled. */
  readonly pending: number;
  readonly isInteractive: boolean;
  /** Order of arrival. */
  readonly number: number;
}

/** While streams run, one decode reads at most so much of waiting prompts: their pace must not suffer. */
export const mixedPrefillTokens = 128;

/**
 * How many pending tokens of each sequence go into the next decode: one of every running stream, and as much
 * of the waiting prompts as is left, interactive ones first, then in order of arrival.
 */
export function planBatch<TCandidate extends BatchCandidate>(
  candidates: readonly TCandidate[],
  batchTokens: number,
): readonly { readonly of: TCandidate; readonly tokens: number }[] {
  const streams = candidates.filter(({ pending }) => pending === 1).slice(0, batchTokens);
  const prompts = candidates.filter(({ pending }) => pending > 1);
  prompts.sort((a, b) => Number(b.isInteractive) - Number(a.isInteractive) || a.number - b.number);
  const room = batchTokens - streams.length;
  let left = streams.length === 0 ? room : Math.min(room, mixedPrefillTokens);
  const plan = streams.map((stream) => ({ of: stream, tokens: 1 }));
  for (const prompt of prompts) {
    const tokens = Math.min(left, prompt.pending);
    if (tokens <= 0) break;
    plan.push({ of: prompt, tokens });
    left -= tokens;
  }
  return plan;
}
