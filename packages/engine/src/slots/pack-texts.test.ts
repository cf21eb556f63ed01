import fc from "fast-check";
import { expect, it } from "vitest";
import { packTexts } from "./pack-texts.ts";

it("reads every text once, in batches that keep to their limits, and none of which another could take in", () => {
  const length = fc.integer({ min: 1, max: 100 });
  const limits = fc.record({
    tokens: fc.integer({ min: 100, max: 300 }),
    texts: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(fc.array(length), limits, (lengths, limit) => {
      const batches = packTexts(lengths, limit);
      const order = batches.flat();
      expect(order.toSorted((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
      const total = (batch: readonly number[]) =>
        batch.reduce((sum, index) => sum + (lengths[index] ?? 0), 0);
      for (const [index, batch] of batches.entries()) {
        expect(batch.length).toBeLessThanOrEqual(limit.texts);
        expect(total(batch)).toBeLessThanOrEqual(limit.tokens);
        const [next] = batches[index + 1] ?? [];
        if (next === undefined) continue;
        expect(batch.length === limit.texts || total([...batch, next]) > limit.tokens).toBe(true);
      }
    }),
  );
});
