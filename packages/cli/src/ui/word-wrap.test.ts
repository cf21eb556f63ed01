import fc from "fast-check";
import { expect, it } from "vitest";
import { WordWrapper } from "./word-wrap.ts";

const wrap = (pieces: readonly string[], columns: number) => {
  const wrapper = new WordWrapper(columns);
  return pieces.map((piece) => wrapper.push(piece)).join("") + wrapper.end();
};

it("moves a word that does not fit to the next line", () => {
  expect(wrap(["the quick brown fox jumps over"], 21)).toBe("the quick brown \nfox jumps over");
});

it("leaves room at the edge for what follows: none behind the last word, a cell under a wide character", () => {
  expect(wrap(["a bb cc"], 12)).toBe("a bb cc");
  expect(wrap(["a bb cc "], 12)).toBe("a bb \ncc ");
  expect(wrap(["日本語の文"], 12)).toBe("日本語の\n文");
});

it("breaks nothing in a terminal of a few columns", () => {
  expect(wrap(["the quick brown fox"], 9)).toBe("the quick brown fox");
});

it("gives the same text however the stream is cut", () => {
  const words = fc.array(fc.constantFrom("a", "word", "日本語", " ", "\n", "longer-than-most", "🙂"), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(words, fc.integer({ min: 5, max: 60 }), (pieces, columns) => {
      const whole = wrap([pieces.join("")], columns);
      expect(wrap(pieces, columns)).toBe(whole);
      expect(wrap([...pieces.join("")], columns)).toBe(whole);
      expect(whole.replaceAll(/\s/g, "")).toBe(pieces.join("").replaceAll(/\s/g, ""));
    }),
  );
});
