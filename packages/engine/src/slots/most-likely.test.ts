import fc from "fast-check";
import { expect, it } from "vitest";
import { mostLikely } from "./most-likely.ts";
import { tokenLogprobs } from "./token-logprobs.ts";

it("finds the largest logits as sorting all of them would", () => {
  const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 70 }), (logits, count) => {
      const sorted = logits.map((_, id) => id).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
      expect(mostLikely(Float32Array.from(logits), count)).toEqual(sorted.slice(0, count));
    }),
  );
});

it("gives probabilities that add up to one over the whole vocabulary", () => {
  const logits = Float32Array.from([1, 3, -2, 0.5, Number.NEGATIVE_INFINITY]);
  const piece = (token: number) => new TextEncoder().encode(`<${token}>`);
  const { id, token, top, logprob } = tokenLogprobs({ logits }, { token: 3, top: 5, piece });
  expect({ id, token, bytes: top[0]?.bytes }).toEqual({ id: 3, token: "<3>", bytes: [60, 49, 62] });
  expect(top.map((entry) => entry.id)).toEqual([1, 0, 3, 2]);
  expect(top.reduce((sum, entry) => sum + Math.exp(entry.logprob), 0)).toBeCloseTo(1, 10);
  expect(logprob).toBe(top[2]?.logprob);
});
