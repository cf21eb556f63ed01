import type { Checkpoint } from "./checkpoint.ts";
import { commonPrefix } from "./common-prefix.ts";

export interface SavedSequence {
  readonly tokens: readonly number[];
  readonly state: Uint8Array;
  readonly checkpoints: readonly Checkpoint[];
}

/** Sequences that lost their slot, in bounded memory; the longest unused one goes first. */
export class StateCache {
  readonly maxBytes: number;
  /** In order of use, oldest first. */
  #entries: SavedSequence[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Replaces saved sequences that are but the beginning of this one. */
  save(entry: SavedSequence): void {
    const size = bytesOf(entry);
    if (size > this.maxBytes) return;
    this.#remove(({ tokens }) => commonPrefix(tokens, entry.tokens) === tokens.length);
    while (this.#bytes + size > this.maxBytes) this.#remove((oldest) => oldest === this.#entries[0]);
    this.#entries.push(entry);
    this.#bytes += size;
  }

  /** The sequence that has most of the prompt in common with it. */
  find(prompt: readonly number[]): { readonly entry: SavedSequence; readonly length: number } | undefined {
    let best: { entry: SavedSequence; length: number } | undefined;
    for (const entry of this.#entries) {
      const length = commonPrefix(entry.tokens, prompt);
      if (length > (best?.length ?? 0)) best = { entry, length };
    }
    return best;
  }

  /** Whether all of these tokens could be had back. */
  holds(tokens: readonly number[]): boolean {
    return this.#entries.some((entry) => commonPrefix(entry.tokens, tokens) === tokens.length);
  }

  /** It could not be used. */
  drop(entry: SavedSequence): void {
    this.#remove((other) => other === entry);
  }

  newestFirst(): readonly SavedSequence[] {
    return this.#entries.toReversed();
  }

  touch(entry: SavedSequence): void {
    if (!this.#entries.includes(entry)) return;
    this.#entries = [...this.#entries.filter((other) => other !== entry), entry];
  }

  #remove(matches: (entry: SavedSequence) => boolean): void {
    const gone = this.#entries.filter(matches);
    this.#entries = this.#entries.filter((entry) => !gone.includes(entry));
    for (const entry of gone) this.#bytes -= bytesOf(entry);
  }
}

/** Memory that a saved sequence takes. */
export function bytesOf({ state, tokens, checkpoints }: SavedSequence): number {
  return checkpoints.reduce((sum, { state: { length } }) => sum + length, state.length + tokens.length * 8);
}
