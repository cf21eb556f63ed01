import { commonPrefix } from "./common-prefix.ts";
import type { Slot } from "./slot.ts";
import type { SavedSequence, StateCache } from "./state-cache.ts";

/** Moving a state costs a few milliseconds; a shorter gain is read again instead. */
const worthMoving = 32;

export interface SlotChoice {
  readonly slot: Slot;
  /** Where the slot shall get its beginning from, if not from itself. */
  readonly source?: { readonly slot: Slot } | { readonly saved: SavedSequence };
}

/**
 * The free slot for a prompt, and where its beginning is known from: the slot itself, a slot that works on
 * the same beginning, or a saved sequence.
 * @returns `undefined` when there is no free slot, or when a slot is just reading the same beginning
 */
export function chooseSlot(
  slots: readonly Slot[],
  prompt: readonly number[],
  cache: StateCache,
): SlotChoice | undefined {
  const free = slots.filter(({ job, isBroken }) => job === undefined && !isBroken);
  const busy = slots.filter(({ job }) => job !== undefined);
  const own = longest(free, (slot) => commonPrefix(slot.tokens, prompt));
  if (own === undefined) return undefined;
  const other = longest(busy, (slot) => Math.min(slot.held, commonPrefix(slot.tokens, prompt)));
  const saved = cache.find(prompt);
  const known = Math.max(own.length, other?.length ?? 0, saved?.length ?? 0);

  const coming = busy.some(
    (slot) => slot.pending > 1 && commonPrefix(slot.tokens, prompt) >= known + worthMoving,
  );
  if (coming) return undefined;
  if (own.length + worthMoving > known) return { slot: own.of };
  const slot = cheapest(free, cache);
  if (other !== undefined && other.length === known) return { slot, source: { slot: other.of } };
  return saved === undefined ? { slot } : { slot, source: { saved: saved.entry } };
}

/** With equal beginnings, the emptier slot and then the longest unused one: nothing of worth is lost. */
function longest(
  slots: readonly Slot[],
  measure: (slot: Slot) => number,
): { readonly of: Slot; readonly length: number } | undefined {
  let best: { of: Slot; length: number } | undefined;
  for (const slot of slots) {
    const length = measure(slot);
    const better =
      best === undefined ||
      length > best.length ||
      (length === best.length && costOf(slot) < costOf(best.of));
    if (better) best = { of: slot, length };
  }
  return best;
}

function cheapest(free: readonly Slot[], cache: StateCache): Slot {
  const [first, ...rest] = free.filter((slot) => cache.holds(slot.tokens));
  const [any, ...others] = free;
  if (first !== undefined)
    return rest.reduce((best, slot) => (costOf(slot) < costOf(best) ? slot : best), first);
  if (any === undefined) throw new RangeError("there is no free slot");
  return others.reduce((best, slot) => (costOf(slot) < costOf(best) ? slot : best), any);
}

function costOf(slot: Slot): number {
  return slot.held === 0 ? -1 : slot.lastUse;
}
