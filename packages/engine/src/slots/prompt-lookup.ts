/** The end of what is written so far, found again before. */
export interface Match {
  /** How many tokens are the same. */
  readonly length: number;
  /** Index of the token that followed. */
  readonly next: number;
}

/** Two tokens are found again by chance more often than not. */
const shortest = 3;
/** Longer ones say nothing more. */
const longest = 32;
/** How far back: a search takes some microseconds. */
const reach = 16_384;

/**
 * Where the last tokens stand before: the longest match, of several the last one.
 * @source Prompt lookup decoding, github.com/apoorvumang/prompt-lookup-decoding
 */
export function findMatch(tokens: readonly number[]): Match | undefined {
  const last = tokens.at(-1);
  let best: Match | undefined;
  const first = Math.max(shortest, tokens.length - reach);
  for (let next = tokens.length - 1; next >= first; next--) {
    if (tokens[next - 1] !== last) continue;
    let length = 1;
    while (length < longest && length < next && tokens[next - 1 - length] === tokens.at(-1 - length))
      length++;
    if (length < shortest || length <= (best?.length ?? 0)) continue;
    best = { length, next };
    if (length === longest) break;
  }
  return best;
}

/** What followed the match; where that ends, it is taken to repeat itself. */
export function draftAfter(tokens: readonly number[], { next }: Match, count: number): readonly number[] {
  const period = tokens.length - next;
  return Array.from({ length: count }, (_, index) => tokens[next + (index % period)] ?? 0);
}
