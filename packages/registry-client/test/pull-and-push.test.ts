import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { createRegistryClient, type ProgressEvent, pull, push } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";

async function collect(events: AsyncIterable<ProgressEvent>): Promise<ProgressEvent[]> {
  const all: ProgressEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test.each([300_000, 40_000_000])(
  "pulls a model of %i bytes, and again without fetching a blob",
  async (size) => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    const weights = randomBytes(size);
    const published = publishModel(registry, weights);
    const name = ModelName.parse(`${registry.host}/library/m`);
    const options = { name, store: temporary.store, insecure: true };
    const events = await collect(pull(options));
    const statuses = [...new Set(events.map((event) => event.status))];
    expect(statuses).toEqual([
      "pulling manifest",
      ...[...published.manifest.layers, published.manifest.config].map(
        ({ digest }) => `pulling ${digest.slice(7, 19)}`,
      ),
      "verifying sha256 digest",
      "writing manifest",
      "success",
    ]);
    expect(weights.equals(await readFile(temporary.store.blobs.path(published.digest)))).toBe(true);
    const stored = await temporary.store.manifests.read(name);
    expect(stored?.bytes).toEqual(published.manifestBytes);
    // Requests without a long answer share connections.
    expect(registry.connections.count).toBeLessThanOrEqual(size < 1_000_000 ? 2 : 18);
    registry.seen.length = 0;
    await collect(pull(options));
    expect(registry.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /v2/library/m/manifests/latest",
    ]);
  },
);

test("pushes a model and pulls it back into another store", async () => {
  await using registry = await startLoopbackRegistry();
  await using first = await openTemporaryStore();
  await using second = await openTemporaryStore();
  const weights = randomBytes(2_000_000);
  const published = publishModel(registry, weights);
  const name = ModelName.parse(`${registry.host}/library/m`);
  await collect(pull({ name, store: first.store, insecure: true }));
  registry.blobs.clear();
  registry.manifests.clear();
  const events = await collect(push({ name, store: first.store, insecure: true }));
  expect(events[0]).toEqual({ type: "status", status: "retrieving manifest" });
  expect(events.slice(-2).map((event) => event.status)).toEqual(["pushing manifest", "success"]);
  await collect(pull({ name, store: second.store, insecure: true }));
  expect(weights.equals(await readFile(second.store.blobs.path(published.digest)))).toBe(true);
});

test("an unknown model and an unknown tag are told in Ollama's words", async () => {
  await using registry = await startLoopbackRegistry();
  await using temporary = await openTemporaryStore();
  await using client = createRegistryClient({ store: temporary.store });
  const missing = ModelName.parse(`${registry.host}/library/none`);
  await expect(collect(client.pull(missing, { insecure: true }))).rejects.toThrow(
    "pull model manifest: file does not exist",
  );
  await expect(collect(client.push(missing, { insecure: true }))).rejects.toMatchObject({
    code: "MODEL_NOT_FOUND",
  });
});
