import type { SavedSequence } from "./state-cache.ts";

/** Where sequences are kept when no process has them in memory; the disk, in practice. */
export interface StateStore {
  /**
   * The sequence that has most of the prompt in common with it, which then belongs to the caller.
   * @returns undefined when none has `atLeast` tokens in common and at most `maxBytes`
   */
  take(
    prompt: readonly number[],
    limits: { readonly atLeast: number; readonly maxBytes: number },
  ): SavedSequence | undefined;
  /** Keeps as many as there are room and time for, the first ones first. */
  save(sequences: Iterable<SavedSequence>): void;
}
