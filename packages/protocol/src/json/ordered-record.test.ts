import { describe, expect, it } from "vitest";
import { orderedRecord, parseOrderedJson } from "./ordered-record.ts";

describe("parseOrderedJson", () => {
  it.each([
    '{"b":1,"2":2,"a":3,"1":4}',
    '{"z":{"10":[{"x":1,"3":2}],"y":{}},"0":"\\"1\\": no key"}',
    '{"a\\"":1,"7":"x\\\\"}',
    '{"a":{"b":1}}',
    '[1,"2",null]',
  ])("prints %s as it was read", (text) => {
    expect(JSON.stringify(parseOrderedJson(text))).toBe(text);
  });

  it("gives the same values as JSON.parse", () => {
    const text = '{"b":1, "2" : {"x":[true]}, "b":3}';
    expect(parseOrderedJson(text)).toEqual(JSON.parse(text));
    expect(JSON.stringify(parseOrderedJson(text))).toBe('{"b":3,"2":{"x":[true]}}');
  });

  it("keeps a key named __proto__ a key", () => {
    expect(JSON.stringify(parseOrderedJson('{"__proto__":1,"0":2}'))).toBe('{"__proto__":1,"0":2}');
  });

  it("refuses what JSON.parse refuses", () => {
    expect(() => parseOrderedJson('{"1":')).toThrow(SyntaxError);
  });
});

it("a record without index-like keys is plain", () => {
  expect(structuredClone(orderedRecord([["a", 1]]))).toEqual({ a: 1 });
});
