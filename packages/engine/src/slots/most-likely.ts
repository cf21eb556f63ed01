import { nthLargest } from "./nth-largest.ts";
import { groupLength, groupMaxima, groupStart, groupStep } from "./vocabulary-scan.ts";

/** Fewer numbers than this are gone through one by one. */
const worthGrouping = 4_096;

/** Ids of the `count` largest logits, largest first; equal ones in order of id. */
export function mostLikely(logits: Float32Array, count: number): readonly number[] {
  const ids = likelyTokens(logits, count);
  return ids.sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b).slice(0, Math.max(0, count));
}

/**
 * Ids of the `count` largest logits and perhaps a few more, in no order. A vocabulary of 262,144 takes 0.1 ms: only
 * groups whose largest is among the `count` largest of all groups can hold one.
 */
export function likelyTokens(logits: Float32Array, count: number): number[] {
  if (count <= 0) return [];
  if (count >= logits.length) return Array.from(logits, (_, id) => id);
  const groups = Math.ceil(logits.length / groupLength);
  if (logits.length < worthGrouping || count > groups / 2) return largestOf(logits, count);
  const maxima = groupMaxima(logits);
  const floor = nthLargest(maxima.slice(), count);
  const found: number[] = [];
  for (let group = 0; group < maxima.length; group++) {
    if ((maxima[group] ?? 0) < floor) continue;
    const first = groupStart(group);
    const end = Math.min(first + groupLength * groupStep, logits.length);
    for (let id = first; id < end; id += groupStep) if ((logits[id] ?? 0) >= floor) found.push(id);
  }
  // Very many equal logits, or some that are no numbers.
  return found.length < count || found.length > worthGrouping ? largestOf(logits, count) : found;
}

/** By one pass for the least of them, and one for all that are larger; of equal ones the first. */
function largestOf(logits: Float32Array, count: number): number[] {
  const floor = nthLargest(logits.slice(), count);
  const above: number[] = [];
  const equal: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] ?? 0;
    if (logit > floor) above.push(id);
    else if (logit === floor) equal.push(id);
  }
  return above.concat(equal.slice(0, count - above.length));
}
