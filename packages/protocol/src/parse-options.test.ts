import { describe, expect, test } from "vitest";
import { toFloat32 } from "./option-types.ts";
import { parseFormat } from "./parse-format.ts";
import { checkOptionRanges, parseOptions } from "./parse-options.ts";

describe("parseOptions", () => {
  test("cuts numbers for integers, skips nulls and sets unknown names aside", () => {
    const input = {
      num_predict: 4.9,
      seed: -1.7,
      temperature: 0.25,
      top_k: null,
      stop: ["a"],
      use_mmap: false,
      logit_bias: { 5: -1 },
      zzz: 1,
      TOP_K: 3,
      toString: 1,
    };
    expect(parseOptions(input)).toEqual({
      options: {
        num_predict: 4,
        seed: -1,
        temperature: 0.25,
        stop: ["a"],
        use_mmap: false,
        logit_bias: { 5: -1 },
      },
      unknown: ["zzz", "TOP_K", "toString"],
    });
  });

  test.each([
    [{ num_ctx: "a" }, 'option "num_ctx" must be of type integer'],
    [{ num_predict: true }, 'option "num_predict" must be of type integer'],
    [{ temperature: "hot" }, 'option "temperature" must be of type float32'],
    [{ use_mmap: 1 }, 'option "use_mmap" must be of type boolean'],
    [{ stop: "x" }, 'option "stop" must be of type array'],
    [{ stop: [1] }, 'option "stop" must be of an array of strings'],
    [{ logit_bias: [] }, 'option "logit_bias" must be of type object'],
  ])("refuses %j", (input, message) => {
    expect(() => parseOptions(input)).toThrow(expect.objectContaining({ code: "INVALID_OPTION", message }));
  });
});

test("only values that no engine can honour are out of range", () => {
  checkOptionRanges({
    temperature: -1,
    top_p: 5,
    num_ctx: -5,
    repeat_last_n: 0,
    repeat_penalty: 0.1,
    num_predict: -2,
  });
  expect(() => checkOptionRanges({ repeat_last_n: -1 })).toThrow(
    'option "repeat_last_n" must be between 0 and 2147483647, not -1',
  );
  expect(() => checkOptionRanges({ repeat_penalty: 0 })).toThrow(
    'option "repeat_penalty" must be greater than 0, not 0',
  );
  expect(() => checkOptionRanges({ dry_multiplier: -1 })).toThrow(
    'option "dry_multiplier" must be at least 0, not -1',
  );
});

test("shortens a number to what a 32-bit float tells apart", () => {
  expect(toFloat32(0.1)).toBe(0.1);
  expect(toFloat32(0.123456789)).toBe(0.12345679);
  expect(toFloat32(16_777_217)).toBe(16_777_216);
  expect(toFloat32(0)).toBe(0);
});

test("a format is json, an object, or none", () => {
  for (const none of [undefined, null, ""]) expect(parseFormat(none)).toBeUndefined();
  expect(parseFormat("json")).toBe("json");
  expect(parseFormat({ type: "object" })).toEqual({ type: "object" });
  expect(() => parseFormat("xml")).toThrow(
    'invalid format: "\\"xml\\""; expected "json" or a valid JSON Schema object',
  );
  expect(() => parseFormat([])).toThrow('invalid format: "[]"');
});
