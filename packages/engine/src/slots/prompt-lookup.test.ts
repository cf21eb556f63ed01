import { describe, expect, it } from "vitest";
import { draftAfter, findMatch } from "./prompt-lookup.ts";

describe("findMatch", () => {
  it("finds nothing where no three tokens stand before", () => {
    for (const tokens of [[], [1], [1, 2, 3], [1, 2, 9, 1, 2], [2, 3, 4, 1, 9, 3, 4]])
      expect(findMatch(tokens)).toBeUndefined();
  });

  it("finds the longest, and of several the last", () => {
    expect(findMatch([7, 1, 2, 3, 4, 9, 1, 2, 3])).toEqual({ length: 3, next: 4 });
    expect(findMatch([1, 2, 3, 4, 9, 1, 2, 3, 5, 9, 1, 2, 3])).toEqual({ length: 4, next: 8 });
    expect(findMatch([1, 2, 3, 4, 8, 1, 2, 3, 5, 9, 1, 2, 3])).toEqual({ length: 3, next: 8 });
  });

  it("finds what repeats itself, and stops at 32", () => {
    const same = Array.from({ length: 100 }, () => 5);
    expect(findMatch(same)).toEqual({ length: 32, next: 99 });
    expect(findMatch(same.slice(0, 4))).toEqual({ length: 3, next: 3 });
  });

  it("looks 16,384 tokens back", () => {
    const between = (length: number) => Array.from({ length }, (_, index) => 10 + index);
    expect(findMatch([1, 2, 3, ...between(16_300), 1, 2, 3])?.next).toBe(3);
    expect(findMatch([1, 2, 3, ...between(16_400), 1, 2, 3])).toBeUndefined();
  });
});

describe("draftAfter", () => {
  it("is what followed, and what is drafted follows itself", () => {
    const tokens = [1, 2, 3, 4, 5, 1, 2, 3];
    expect(draftAfter(tokens, { length: 3, next: 3 }, 3)).toEqual([4, 5, 1]);
    expect(draftAfter(tokens, { length: 3, next: 3 }, 12)).toEqual([4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
    expect(draftAfter([5, 5, 5, 5], { length: 3, next: 3 }, 3)).toEqual([5, 5, 5]);
  });
});
