import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scanJson } from "./scan-json.ts";

const pieces = fc
  .array(
    fc.constantFrom(...'{}[]:,"\\u0e+-.1 tfn\n'.split(""), "true", "null", '"a"', '{"a":', "é", "\u0001"),
    { maxLength: 14 },
  )
  .map((list) => list.join(""));

describe("scanJson", () => {
  test("agrees with JSON.parse on which texts are one value", () => {
    let valid = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          pieces,
          fc.json(),
          fc.json().map((text) => text.slice(0, -1)),
        ),
        (text) => {
          const scan = scanJson(text);
          const isOneValue = scan.ok && text.slice(scan.end).trim() === "";
          expect(isOneValue).toBe(parses(text));
          if (isOneValue) valid++;
        },
      ),
      { numRuns: 5000 },
    );
    expect(valid).toBeGreaterThan(500);
  });

  test.each([
    ["nonsense", "invalid character 'o' in literal null (expecting 'u')"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1ex", "invalid character 'x' in exponent of numeric literal"],
    ["[日]", "invalid character 'æ' looking for beginning of value"],
    ['{"a"', "unexpected EOF"],
    ["", "unexpected EOF"],
  ])("words the error of %j as Go does", (text, error) => {
    expect(scanJson(text)).toEqual({ ok: false, error });
  });

  test("goes through ten thousand levels, no further, without a deep call stack", () => {
    expect(scanJson("[".repeat(10_000) + "]".repeat(10_000)).ok).toBe(true);
    expect(scanJson("[".repeat(1_000_000))).toEqual({ ok: false, error: "exceeded max depth" });
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
