import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration, printDuration } from "./duration.ts";

describe("parseDuration", () => {
  test.each([
    ["0", 0],
    ["5m", 300e9],
    ["5m0s", 300e9],
    ["1h30m", 5400e9],
    ["-1.5h", -5400e9],
    ["+3s", 3e9],
    ["300ms", 300e6],
    ["1.5us", 1500],
    ["2µs", 2000],
    ["2μs", 2000],
    ["7ns", 7],
    [".5s", 5e8],
    ["1.s", 1e9],
    ["3600h", 3600 * 3600e9],
    ["-9223372036854775808ns", -(2 ** 63)],
  ])("reads %s", (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  test.each([
    ["", 'time: invalid duration ""'],
    ["10", 'time: missing unit in duration "10"'],
    ["abc", 'time: invalid duration "abc"'],
    ["5 m", 'time: unknown unit " m" in duration "5 m"'],
    ["1x", 'time: unknown unit "x" in duration "1x"'],
    ["1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'],
    ["-", 'time: invalid duration "-"'],
    [".s", 'time: invalid duration ".s"'],
    ["1toString", 'time: unknown unit "toString" in duration "1toString"'],
    ["9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'],
  ])("refuses %j", (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });

  test("refuses a megabyte of digits at once", () => {
    const started = process.cpuUsage();
    expect(() => parseDuration(`${"9".repeat(1e6)}s`)).toThrow("invalid duration");
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(1000);
  });
});

describe("printDuration", () => {
  test.each([
    [0, "0s"],
    [1, "1ns"],
    [1100, "1.1µs"],
    [2_200_000, "2.2ms"],
    [3_300_000_000, "3.3s"],
    [300e9, "5m0s"],
    [5405e9, "1h30m5s"],
    [-300e9, "-5m0s"],
    [1_000_000_001, "1.000000001s"],
    [60_000_000_001, "1m0.000000001s"],
  ])("writes %d as %s", (nanoseconds, text) => {
    expect(printDuration(nanoseconds)).toBe(text);
  });

  test("is undone by parsing", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (nanoseconds) => {
        expect(parseDuration(printDuration(nanoseconds))).toBe(nanoseconds);
      }),
    );
  });
});
