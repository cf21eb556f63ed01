import fc from "fast-check";
import { expect, it } from "vitest";
import { Utf8Tail } from "./utf8-tail.ts";

it("accepts what goes on with a character, and nothing else within one", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.nat(), (text, cut) => {
      const bytes = new TextEncoder().encode(text);
      const at = cut % bytes.length;
      const tail = new Utf8Tail();
      tail.push(bytes.subarray(0, at));
      expect(tail.accepts(bytes.subarray(at))).toBe(true);
      expect(tail.accepts(bytes.subarray(at, at + 1))).toBe(true);
      const isWithin = ((bytes[at] ?? 0) & 0xc0) === 0x80;
      expect(tail.accepts(new TextEncoder().encode("a"))).toBe(!isWithin);
    }),
  );
});

it("accepts bytes exactly when a strict decoder does", () => {
  // Bytes at the borders of the table of well-formed sequences, of which most sequences are not.
  const byte = fc.constantFrom(
    ...[0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf],
    ...[0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff],
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 5 }), (values) => {
      const bytes = Uint8Array.from(values);
      const isWhole = () => {
        try {
          new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
          return true;
        } catch {
          return false;
        }
      };
      expect(new Utf8Tail().accepts(bytes)).toBe(isWhole());
    }),
    { numRuns: 3_000 },
  );
});
