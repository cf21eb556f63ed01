import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

describe("faults of JSON, in the words of Go's decoder", () => {
  it.each([
    ["", "unexpected end of JSON input"],
    ["{", "unexpected end of JSON input"],
    ['{"a":"b', "unexpected end of JSON input"],
    ["{bad", "invalid character 'b' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["[1 2]", "invalid character '2' after array element"],
    ["{} {}", "invalid character '{' after top-level value"],
    ["nul!", "invalid character '!' in literal null (expecting 'l')"],
    ["tru", "invalid character ' ' in literal true (expecting 'e')"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["01", "invalid character '1' after top-level value"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1e", "invalid character ' ' in exponent of numeric literal"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ["é", "invalid character 'Ã' looking for beginning of value"],
  ])("%j: %s", (text, message) => {
    expect(jsonFault(text)?.message).toBe(message);
  });

  it("has none exactly where JSON.parse has none", () => {
    const piece = fc.constantFrom(
      ..."{}[]:,\"\\'tfnu01-.eE+ \n\té".split(""),
      "true",
      "null",
      '"a"',
      "\\u00e9",
      "1",
    );
    const texts = fc.oneof(
      fc.array(piece, { maxLength: 10 }).map((list) => list.join("")),
      fc.json(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(jsonFault(text) === undefined).toBe(parses(text));
      }),
      { numRuns: 5000 },
    );
  });

  it("is unfinished for every beginning of JSON", () => {
    const objects = fc.json().map((json) => `{"a":${json}}`);
    fc.assert(
      fc.property(objects, fc.nat(), (json, length) => {
        expect(jsonFault(json.slice(0, length % json.length))?.unfinished).toBe(true);
      }),
    );
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
