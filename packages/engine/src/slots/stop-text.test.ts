import fc from "fast-check";
import { expect, it } from "vitest";
import { StopText } from "./stop-text.ts";

const run = (stops: readonly string[], pieces: readonly string[]) => {
  const watcher = new StopText(stops);
  let shown = "";
  for (const piece of pieces) {
    const { text, stop } = watcher.push(piece);
    shown += text;
    if (stop !== undefined) return { shown, stop };
  }
  return { shown: shown + watcher.end() };
};

it("cuts the text before a stop sequence that spans pieces", () => {
  expect(run(["<end>"], ["Hello <e", "nd", "> more"])).toEqual({ shown: "Hello ", stop: "<end>" });
});

it("releases what only looked like a stop sequence", () => {
  expect(run(["<end>"], ["a <en", "d of"])).toEqual({ shown: "a <end of" });
  expect(run(["<end>"], ["a <en"])).toEqual({ shown: "a <en" });
});

it("takes the earliest of several stop sequences", () => {
  expect(run(["two", "one"], ["zero one two"])).toEqual({ shown: "zero ", stop: "one" });
});

it("gives the same result however the text is cut", () => {
  const letters = fc.array(fc.constantFrom("a", "b", "ab", "ba", "c"), { maxLength: 20 });
  fc.assert(
    fc.property(letters, fc.array(fc.constantFrom("aba", "bb", "cab"), { maxLength: 3 }), (pieces, stops) => {
      const cut = run(stops, [...pieces.join("")]);
      expect(run(stops, pieces).shown.startsWith(cut.shown) || cut.shown === run(stops, pieces).shown).toBe(
        true,
      );
      for (const stop of stops) expect(cut.shown).not.toContain(stop);
    }),
  );
});
