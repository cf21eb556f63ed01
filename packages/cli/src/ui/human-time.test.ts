import { describe, expect, it } from "vitest";
import { humanTime } from "./human-time.ts";

const now = new Date("2026-01-01T12:00:00Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);

describe("humanTime", () => {
  it.each([
    [0.2, "Less than a second ago"],
    [61, "About a minute ago"],
    [17 * 60 + 3, "17 minutes ago"],
    [2 * 3600, "2 hours ago"],
    [3 * 86_400, "3 days ago"],
    [-(4 * 60 + 59), "4 minutes from now"],
    [-20.5 * 365 * 86_400, "20 years from now"],
    [-100 * 365 * 86_400, "Forever"],
  ])("prints an age of %d s as %s", (seconds, text) => {
    expect(humanTime(ago(seconds), now)).toBe(text);
  });

  it("prints a time that was never set as Never", () => {
    expect(humanTime(new Date("0001-01-01T00:00:00Z"), now)).toBe("Never");
  });
});
