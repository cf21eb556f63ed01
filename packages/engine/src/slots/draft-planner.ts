import type { DraftAcceptance } from "./draft-acceptance.ts";
import { draftAfter, findMatch } from "./prompt-lookup.ts";

export interface Draft {
  readonly tokens: readonly number[];
  readonly matchLength: number;
}

/** With the token before them multiples of four: as many as matrix products take at a time. */
const draftSizes = [3, 7, 11] as const;
export const mostDraftTokens = Math.max(...draftSizes);
/** Decodes of one size that are remembered. */
const samples = 5;
/** Single decodes, after which costs of drafts are measured again: other programs come and go. */
const forgetAfter = 256;
/** A small difference within a model can be rounded away before its end. */
const fewestProofs = 2;
/** With fewer single decodes there is nothing to compare with. */
const fewestSingles = 3;

/**
 * When to try tokens that stand in the prompt: where what they are expected to give is worth what their decode has
 * been measured to take on this machine.
 */
export class DraftPlanner {
  readonly #most: number;
  readonly #times = new Map<number, number[]>();
  /** Equal results so far, by size; NaN after one that was not. */
  readonly #proofs = new Map<number, number>();
  #singles = 0;

  /** @param most  drafted tokens of one decode; 0: none */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param tokens  all so far; @param room  tokens that may still come */
  plan(tokens: readonly number[], acceptance: DraftAcceptance, room: number): Draft | undefined {
    const sizes = draftSizes.filter(
      (size) => size <= Math.min(this.#most, room) && this.isProven(size) !== false,
    );
    if (sizes.length === 0 || this.#singles < fewestSingles) return undefined;
    const match = findMatch(tokens);
    if (match === undefined) return undefined;
    let best = { size: 0, gain: 1 };
    for (const size of sizes) {
      const gain = acceptance.expect(match.length, size) / this.#cost(size);
      if (gain > best.gain) best = { size, gain };
    }
    if (best.size === 0) return undefined;
    return { tokens: draftAfter(tokens, match, best.size), matchLength: match.length };
  }

  /** Whether decodes with so many drafted tokens give the very logits of single ones; undefined until it is known. */
  isProven(size: number): boolean | undefined {
    const proofs = this.#proofs.get(size) ?? 0;
    if (Number.isNaN(proofs)) return false;
    return proofs >= fewestProofs ? true : undefined;
  }

  prove(size: number, isSame: boolean): void {
    this.#proofs.set(size, isSame ? (this.#proofs.get(size) ?? 0) + 1 : Number.NaN);
  }

  /** How long a decode of one token, and so many drafted ones, took. */
  record(drafted: number, ms: number): void {
    const times = this.#times.get(drafted) ?? [];
    this.#times.set(drafted, [...times, ms].slice(-samples));
    if (drafted > 0) return;
    this.#singles += 1;
    if (this.#singles % forgetAfter === 0) for (const size of draftSizes) this.#times.delete(size);
  }

  /** In decodes of a single token. */
  #cost(size: number): number {
    const times = this.#times.get(size);
    // As measured for a 1.5B model on two cores.
    return times === undefined ? 1.2 + size / 4 : median(times) / median(this.#times.get(0) ?? []);
  }
}

/** NaN of none. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
