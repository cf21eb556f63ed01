import { describe, expect, it } from "vitest";
import { originPolicy } from "./origin-policy.ts";

const host = "127.0.0.1:11434";

describe("originPolicy", () => {
  const decide = originPolicy(["https://*.foo.org", "http://exact.example"]);

  it.each([undefined, "", `http://${host}`, `https://${host}`])("has nothing to say about %s", (origin) => {
    expect(decide({ origin, host, isPreflight: true })).toEqual({ type: "pass" });
  });

  it.each(["http://localhost:3000", "app://x", "file:///tmp", "https://a.foo.org", "http://exact.example"])(
    "allows %s and says so",
    (origin) => {
      const headers = { "Access-Control-Allow-Origin": origin, Vary: "Origin" };
      expect(decide({ origin, host, isPreflight: false })).toEqual({ type: "allow", headers });
    },
  );

  it.each([
    "http://LOCALHOST:3000",
    "https://evil.localhost",
    "http://exact.example:80",
    "https://foo.org",
    "null",
  ])("refuses %s", (origin) => {
    expect(decide({ origin, host, isPreflight: false })).toEqual({ type: "refuse" });
    expect(decide({ origin, host, isPreflight: true })).toEqual({ type: "refuse" });
  });

  it("answers every origin with * when everyone is allowed", () => {
    const decision = originPolicy(["*"])({ origin: "https://any.example", host, isPreflight: false });
    expect(decision).toEqual({ type: "allow", headers: { "Access-Control-Allow-Origin": "*" } });
  });

  it.each(["example.com", "http://*.a.*"])("refuses the entry %s at the start", (entry) => {
    expect(() => originPolicy([entry])).toThrow(RangeError);
  });
});
