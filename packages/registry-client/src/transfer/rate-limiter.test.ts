import { describe, expect, test } from "vitest";
import { RateLimiter } from "./rate-limiter.ts";

const chunkBytes = 65_408;
const never = new AbortController().signal;

describe("RateLimiter", () => {
  test.each([1e3, 1e5, 2e6, 170e6, 1e9])("books %d bytes a second, whatever the chunks", (rate) => {
    let now = 0;
    const limiter = new RateLimiter(rate, () => now);
    let booked = 0;
    while (now < 5000) {
      // Each wait ends three milliseconds late, as on a busy machine.
      const waitMs = limiter.book(Math.min(chunkBytes, Math.ceil(rate / 20)));
      booked += Math.min(chunkBytes, Math.ceil(rate / 20));
      if (waitMs >= 5) now += waitMs + 3;
    }
    expect(booked / (now / 1000) / rate).toBeGreaterThan(0.9);
    expect(booked / (now / 1000) / rate).toBeLessThan(1.1);
  });

  test("a wait is not needed for a chunk within the limit, and all of it counts at once", () => {
    const passed: number[] = [];
    const limiter = new RateLimiter(170e6);
    expect(limiter.pass(chunkBytes, never, (bytes) => passed.push(bytes))).toBeUndefined();
    expect(passed).toEqual([chunkBytes]);
  });
});

test("connections take turns in small slices: neither waits for the whole chunk of the other", async () => {
  const limiter = new RateLimiter(100_000);
  const passed: number[][] = [[], []];
  await Promise.all(passed.map((own) => limiter.pass(25_000, never, (bytes) => own.push(bytes))));
  expect(passed).toEqual([
    [5000, 5000, 5000, 5000, 5000],
    [5000, 5000, 5000, 5000, 5000],
  ]);
});

test("an aborted wait ends at once, and what was received still counts", async () => {
  const abort = new AbortController();
  let passed = 0;
  const passing = new RateLimiter(1000).pass(chunkBytes, abort.signal, (bytes) => {
    passed += bytes;
  });
  abort.abort(new Error("stopped"));
  await expect(passing).rejects.toThrow();
  expect(passed).toBe(chunkBytes);
});
