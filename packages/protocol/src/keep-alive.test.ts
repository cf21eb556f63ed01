import { describe, expect, test } from "vitest";
import { parseKeepAlive, parseKeepAliveSetting, printKeepAlive } from "./keep-alive.ts";

describe("parseKeepAlive", () => {
  test.each([
    [undefined, undefined],
    [null, undefined],
    [0, 0],
    [42, 42_000],
    [1.5, 1500],
    [-1, -1],
    [-0.5, -1],
    [1e300, -1],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["-1m", -1],
    ["0", 0],
    ["0s", 0],
  ])("reads %j", (value, milliseconds) => {
    expect(parseKeepAlive(value)).toBe(milliseconds);
  });

  test.each([
    ["10", 'time: missing unit in duration "10"'],
    ["", 'time: invalid duration ""'],
    [true, "Unsupported type: 'bool'"],
    [[], "Unsupported type: '[]interface {}'"],
    [{}, "Unsupported type: 'map[string]interface {}'"],
  ])("refuses %j", (value, message) => {
    expect(() => parseKeepAlive(value)).toThrow(
      expect.objectContaining({ code: "INVALID_KEEP_ALIVE", message }),
    );
  });
});

test("a setting may be bare seconds", () => {
  expect(parseKeepAliveSetting("300")).toBe(300_000);
  expect(parseKeepAliveSetting("-1")).toBe(-1);
  expect(parseKeepAliveSetting("5m")).toBe(300_000);
  expect(() => parseKeepAliveSetting("soon")).toThrow("invalid duration");
});

test("prints as Ollama does", () => {
  expect(printKeepAlive(300_000)).toBe("5m0s");
  expect(printKeepAlive(-1)).toBe(-1);
  expect(printKeepAlive(0)).toBe("0s");
});
