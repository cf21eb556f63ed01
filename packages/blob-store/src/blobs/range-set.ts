import type { ByteRange } from "../store.ts";

/** Set of bytes as sorted ranges that neither touch nor overlap. */
export class RangeSet {
  readonly #ranges: ByteRange[] = [];

  constructor(ranges: Iterable<ByteRange> = []) {
    for (const range of ranges) this.add(range);
  }

  get ranges(): readonly ByteRange[] {
    return this.#ranges;
  }

  /** Number of bytes in the set. */
  get totalBytes(): number {
    return this.#ranges.reduce((sum, range) => sum + range.end - range.start, 0);
  }

  add({ start, end }: ByteRange): void {
    if (end <= start) return;
    // Most writes extend the last range.
    let first = this.#ranges.length;
    while (first > 0 && (this.#ranges[first - 1]?.end ?? 0) >= start) first -= 1;
    let last = first;
    let [mergedStart, mergedEnd] = [start, end];
    for (
      let range = this.#ranges[last];
      range !== undefined && range.start <= end;
      range = this.#ranges[last]
    ) {
      mergedStart = Math.min(mergedStart, range.start);
      mergedEnd = Math.max(mergedEnd, range.end);
      last += 1;
    }
    this.#ranges.splice(first, last - first, { start: mergedStart, end: mergedEnd });
  }

  /** End of the range that covers `position`, or `position` itself when none does. */
  coveredUntil(position: number): number {
    const range = this.#ranges.find((candidate) => candidate.start <= position && position < candidate.end);
    return range?.end ?? position;
  }

  /** The parts of `range` that are not in the set, in order. */
  missing(range: ByteRange): readonly ByteRange[] {
    const gaps: ByteRange[] = [];
    let position = range.start;
    for (const { start, end } of this.#ranges) {
      if (end <= position) continue;
      if (start >= range.end) break;
      if (start > position) gaps.push({ start: position, end: start });
      position = end;
    }
    if (position < range.end) gaps.push({ start: position, end: range.end });
    return gaps;
  }
}
