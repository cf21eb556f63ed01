import { describe, expect, it } from "vitest";
import { fitPrompt } from "./fit-prompt.ts";

const tokens = Array.from({ length: 1000 }, (_, index) => index);
const base = { contextTokens: 256, keepTokens: 4, addsBos: true, shift: true };

describe("fitPrompt", () => {
  it("leaves a prompt alone that has room for one more token", () => {
    expect(fitPrompt(tokens.slice(0, 255), base)).toBeUndefined();
  });

  it.each([
    [4, 131],
    [0, 129],
    [50, 154],
    [255, 255],
    [1000, 255],
    [-1, 255],
  ])("keeps the first %d tokens and BOS of a too long prompt and %d in all", (keepTokens, length) => {
    const cut = fitPrompt(tokens, { ...base, keepTokens });
    expect(cut).toHaveLength(length);
    const keep = keepTokens < 0 || keepTokens >= 255 ? 255 : keepTokens + 1;
    expect(cut?.slice(0, keep)).toEqual(tokens.slice(0, keep));
    if (keep < 255) expect(cut?.at(-1)).toBe(999);
  });

  it("refuses a too long prompt that must not be cut", () => {
    expect(() => fitPrompt(tokens, { ...base, shift: false })).toThrow(
      /the prompt is longer than the context length/,
    );
  });
});
