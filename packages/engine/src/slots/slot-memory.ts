import type { SlotChoice } from "./choose-slot.ts";
import { commonPrefix } from "./common-prefix.ts";
import type { Slot } from "./slot.ts";
import { type SavedSequence, StateCache } from "./state-cache.ts";
import type { StateStore } from "./state-store.ts";

/** What a slot may lose without being saved: it is read again faster. */
const worthSaving = 64;

/**
 * What is known of conversations beside what the slots hold: saved in memory, and by the process before this
 * one on disk. Nothing here fails a request: what cannot be saved or had back is read again.
 */
export class SlotMemory {
  readonly #cache: StateCache;
  readonly #store: StateStore | undefined;
  /** More conversations than slots: they are saved as soon as they pause, not when the next one waits. */
  #isCrowded = false;

  constructor(cacheBytes: number, store: StateStore | undefined) {
    this.#cache = new StateCache(cacheBytes);
    this.#store = store;
  }

  get cache(): StateCache {
    return this.#cache;
  }

  /** Brings back into memory what an earlier process knew of a prompt, where it is more than is known now. */
  recall(prompt: readonly number[], slots: readonly Slot[]): void {
    if (this.#store === undefined) return;
    const known = slots.reduce(
      (most, slot) => Math.max(most, commonPrefix(slot.tokens, prompt)),
      this.#cache.find(prompt)?.length ?? 0,
    );
    const limits = { atLeast: known + worthSaving, maxBytes: this.#cache.maxBytes };
    const saved = tryTake(this.#store, prompt, limits);
    if (saved !== undefined) this.#cache.save(saved);
  }

  /** Saves what a slot knows before another prompt takes its place. */
  makeRoom(slot: Slot, prompt: readonly number[], isReplaced: boolean): void {
    const kept = isReplaced ? 0 : commonPrefix(slot.tokens, prompt);
    if (slot.held - kept < worthSaving) return;
    this.#isCrowded = true;
    this.#save(slot);
  }

  /** A job left its slot. */
  remember(slot: Slot): void {
    if (this.#isCrowded && slot.held >= worthSaving) this.#save(slot);
  }

  /** Fills a slot from its source. Where that fails the slot is empty and the prompt is read from its start. */
  bring(slot: Slot, source: NonNullable<SlotChoice["source"]>): void {
    const saved = "saved" in source ? source.saved : trySave(source.slot);
    if (saved === undefined) {
      slot.clear();
      return;
    }
    if ("saved" in source) this.#cache.touch(saved);
    if (!slot.load(saved)) this.#cache.drop(saved);
  }

  /** Before the process ends: everything that is known goes to the store, the newest first. */
  retire(slots: readonly Slot[]): void {
    this.#store?.save(this.#everything(slots));
  }

  /** One by one: together they might need more memory than there is. */
  *#everything(slots: readonly Slot[]): Iterable<SavedSequence> {
    const known = slots.filter((slot) => slot.held >= worthSaving && !this.#cache.holds(slot.tokens));
    known.sort((a, b) => b.lastUse - a.lastUse);
    for (const slot of known) {
      const saved = trySave(slot);
      if (saved !== undefined) yield saved;
    }
    yield* this.#cache.newestFirst();
  }

  #save(slot: Slot): void {
    if (this.#cache.holds(slot.tokens)) return;
    const saved = trySave(slot);
    if (saved !== undefined) this.#cache.save(saved);
  }
}

/** @returns undefined as well when the store fails, such as for want of memory: the prompt is read instead */
function tryTake(store: StateStore, ...wanted: Parameters<StateStore["take"]>): SavedSequence | undefined {
  try {
    return store.take(...wanted);
  } catch {
    return undefined;
  }
}

/** @returns undefined when it cannot be had: only the memory of it is lost, and it can be read again */
function trySave(slot: Slot): SavedSequence | undefined {
  try {
    return slot.save();
  } catch {
    return undefined;
  }
}
