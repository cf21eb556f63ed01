import fc from "fast-check";
import stringWidth from "string-width";
import { expect, it } from "vitest";
import { cellWidth } from "./cell-width.ts";

it.each([
  ["", 0],
  ["plain", 5],
  ["\u001b[1mbold\u001b[22m", 4],
  ["日本語", 6],
  ["한국", 4],
  ["e\u0301", 1],
  ["🙂", 2],
  ["👨‍👩‍👧", 2],
  ["👍🏽", 2],
  ["🇯🇵", 2],
  ["❤", 1],
  ["❤️", 2],
  ["1️⃣", 2],
  ["─│•☐☑…", 6],
  ["a\u200bb", 2],
  ["ｆｕｌｌ", 8],
])("counts %j as %d cells", (text, width) => {
  expect(cellWidth(text)).toBe(width);
});

it("agrees with the package string-width on letters, signs and emoji", () => {
  const parts = fc.constantFrom(
    "a",
    " ",
    "é",
    "ß",
    "Ω",
    "я",
    "中",
    "か",
    "カ",
    "ㅎ",
    "한",
    "ภ",
    "ก็",
    "हि",
    "🙂",
    "🚀",
    "👍🏽",
    "✅",
    "⭐",
    "→",
    "│",
    "“",
    "…",
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 20 }), (all) => {
      // Joined by a space, so that no two of them melt into one character.
      const text = all.join(" ");
      expect(cellWidth(text)).toBe(stringWidth(text));
    }),
  );
});
