import fc from "fast-check";
import { expect, test } from "vitest";
import { RangeSet } from "./range-set.ts";

const range = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([start, length]) => ({ start, end: start + length }));

/** The same set, byte by byte. */
function bytesOf(ranges: readonly { readonly start: number; readonly end: number }[]): Set<number> {
  const bytes = new Set<number>();
  for (const { start, end } of ranges) for (let byte = start; byte < end; byte += 1) bytes.add(byte);
  return bytes;
}

test("holds the bytes that were added, sorted, merged and apart from each other", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), (added) => {
      const set = new RangeSet(added);
      expect(bytesOf(set.ranges)).toEqual(bytesOf(added));
      expect(set.totalBytes).toBe(bytesOf(added).size);
      for (const [index, { start, end }] of set.ranges.entries()) {
        expect(start).toBeLessThan(end);
        const next = set.ranges[index + 1];
        if (next !== undefined) expect(end).toBeLessThan(next.start);
      }
    }),
  );
});

test("what is missing of a range, and what is there, are the whole range", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), range, (added, asked) => {
      const set = new RangeSet(added);
      const missing = bytesOf(set.missing(asked));
      for (let byte = asked.start; byte < asked.end; byte += 1) {
        expect(missing.has(byte)).toBe(!bytesOf(added).has(byte));
      }
      expect([...missing].every((byte) => byte >= asked.start && byte < asked.end)).toBe(true);
    }),
  );
});

test("tells how far it covers from a position", () => {
  const set = new RangeSet([{ start: 10, end: 20 }]);
  expect([9, 10, 19, 20].map((position) => set.coveredUntil(position))).toEqual([9, 20, 20, 20]);
});
