import { describe, expect, it } from "vitest";
import { humanBytes, humanTime, printNanoseconds } from "./human.ts";

const now = new Date("2026-01-01T12:00:00Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);

describe("humanBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_303_616, "1.3 MB"],
    [253_113_024, "253 MB"],
    [1_000_000_000, "1 GB"],
    [12_345_678_901, "12 GB"],
  ])("prints %d as %s", (bytes, text) => {
    expect(humanBytes(bytes)).toBe(text);
  });
});

describe("humanTime", () => {
  it.each([
    [0.2, "Less than a second ago"],
    [61, "About a minute ago"],
    [17 * 60 + 3, "17 minutes ago"],
    [2 * 3600, "2 hours ago"],
    [3 * 86_400, "3 days ago"],
    [-(4 * 60 + 59), "4 minutes from now"],
    [-100 * 365 * 86_400, "Forever"],
  ])("prints an age of %d s as %s", (seconds, text) => {
    expect(humanTime(ago(seconds), now)).toBe(text);
  });

  it("prints a time that was never set as Never", () => {
    expect(humanTime(new Date("0001-01-01T00:00:00Z"), now)).toBe("Never");
  });
});

describe("printNanoseconds", () => {
  it.each([
    [20_000_000, "20ms"],
    [1_200_000_000, "1.2s"],
    [75_500_000_000, "1m15.5s"],
    [1_500, "1.5µs"],
  ])("prints %d as %s", (ns, text) => {
    expect(printNanoseconds(ns)).toBe(text);
  });
});
