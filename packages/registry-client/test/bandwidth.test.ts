import { randomBytes } from "node:crypto";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";

/** A pull under a limit: how long it took, and what its progress showed. */
async function pullAt(bytesPerSecond: number, weights: Buffer, stopAfterMs = 10_000) {
  await using registry = await startLoopbackRegistry();
  await using temporary = await openTemporaryStore();
  const { digest } = publishModel(registry, weights);
  let asked = 0;
  registry.intercept = (request) => {
    if (request.method === "GET" && request.url?.endsWith(digest) === true) asked += 1;
    return false;
  };
  // A stall would be called after 300 ms: waiting for the limit must be none.
  await using client = createRegistryClient({ store: temporary.store, bytesPerSecond, stallMs: 300 });
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error("stopped")), stopAfterMs);
  const begun = Date.now();
  const shown: number[] = [];
  let error: unknown;
  try {
    const name = ModelName.parse(`${registry.host}/library/m`);
    for await (const event of client.pull(name, { insecure: true, signal: abort.signal })) {
      if (event.type === "transfer" && event.digest === digest) shown.push(event.completedBytes);
    }
  } catch (failure) {
    error = failure;
  }
  clearTimeout(timer);
  return { error, seconds: (Date.now() - begun) / 1000, shown, asked };
}

test.each([170e6, 1e9])(
  "a limit of %d bytes a second, above what chunks need, holds nothing up",
  async (limit) => {
    const { error, seconds } = await pullAt(limit, randomBytes(12_000_000));
    expect(error).toBeUndefined();
    expect(seconds).toBeLessThan(5);
  },
);

test("a pull comes at the limit, in small steps, and takes no wait for a stall", async () => {
  const weights = randomBytes(3_000_000);
  const { error, seconds, shown } = await pullAt(1_500_000, weights);
  expect(error).toBeUndefined();
  expect(seconds).toBeGreaterThan(1.8);
  const steps = shown.slice(1).map((bytes, index) => bytes - (shown[index] ?? 0));
  expect(Math.max(...steps)).toBeLessThan(500_000);
});

test("at a thousand bytes a second progress still moves, and nothing is asked for twice", async () => {
  const { error, shown, asked } = await pullAt(1000, randomBytes(2_000_000), 1500);
  expect(error).toMatchObject({ message: "stopped" });
  const moving = shown.filter((bytes) => bytes > 0 && bytes < 3000);
  expect(moving.length).toBeGreaterThan(8);
  expect(asked).toBeLessThan(5);
});
