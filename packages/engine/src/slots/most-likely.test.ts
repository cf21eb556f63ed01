import fc from "fast-check";
import { expect, it } from "vitest";
import { randomNumbers } from "../../test/support/random-numbers.ts";
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

it("finds them in whole vocabularies, equal ones and such that are no numbers among them", () => {
  const sizes = fc.integer({ min: 4_096, max: 70_001 });
  const kinds = fc.constantFrom("smooth", "coarse", "equal", "forbidden", "broken");
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 700 }), kinds, fc.integer(), (size, count, kind, seed) => {
      const random = randomNumbers(seed);
      const logits = Float32Array.from({ length: size }, () => {
        const value = (random() + random() + random() - 1.5) * 12;
        if (kind === "equal") return 1;
        if (kind === "forbidden" && random() < 0.999) return Number.NEGATIVE_INFINITY;
        if (kind === "broken" && random() < 0.001) return Number.NaN;
        return kind === "coarse" ? Math.round(value) : value;
      });
      const ids = Array.from(logits, (_, id) => id).filter((id) => !Number.isNaN(logits[id]));
      const difference = (a: number, b: number) => {
        const [one = 0, other = 0] = [logits[a], logits[b]];
        return one === other ? a - b : other - one;
      };
      expect(mostLikely(logits, count)).toEqual(ids.sort(difference).slice(0, count));
    }),
    { numRuns: 25, examples: [[4096, 2, "broken", -2_147_483_623]] },
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
