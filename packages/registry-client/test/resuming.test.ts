import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { createRegistryClient, RegistryError } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { isBlobGet, megabyte, type Scene, stage } from "./fault-scene.ts";
import { messageOf, outcome } from "./support.ts";

describe("resuming", () => {
  test("a cancelled pull stops at once, and the next one fetches only the rest", async () => {
    await using scene = await stage(20 * megabyte);
    const abort = new AbortController();
    scene.registry.intercept = async (request) => {
      if (isBlobGet(request, scene.digest) && scene.servedBytes() > 8 * megabyte)
        abort.abort(new Error("enough"));
      return false;
    };
    const first = await scene.pull({}, abort.signal);
    expect(messageOf(first.error)).toBe("enough");
    const finished = await finishedBytes(scene);
    expect(finished).toBeGreaterThan(0);
    scene.registry.intercept = undefined;
    scene.registry.seen.length = 0;
    expect((await scene.pull()).error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length - finished);
  });

  test("leaving the loop over the events stops the pull", async () => {
    await using scene = await stage(20 * megabyte);
    await using client = createRegistryClient({ store: scene.store, bytesPerSecond: 5 * megabyte });
    for await (const event of client.pull(scene.name, { insecure: true })) {
      if (event.type === "transfer" && event.completedBytes > 0) break;
    }
    const served = scene.registry.seen.length;
    await sleep(100);
    expect(scene.registry.seen.length).toBe(served);
  });

  test("two pulls at once fetch the blob once, and one of them may leave", async () => {
    await using scene = await stage(4 * megabyte);
    await using client = createRegistryClient({ store: scene.store, bytesPerSecond: 8 * megabyte });
    const abort = new AbortController();
    const leaving = outcome(client.pull(scene.name, { insecure: true, signal: abort.signal }));
    const staying = outcome(client.pull(scene.name, { insecure: true }));
    await sleep(150);
    abort.abort(new Error("left"));
    expect(messageOf((await leaving).error)).toBe("left");
    expect((await staying).error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });

  test("of two registries with the same blob, the fault of one is not the other's, and its bytes count", async () => {
    await using scene = await stage(3 * megabyte);
    await using other = await startLoopbackRegistry();
    publishModel(other, scene.weights);
    let parts = 0;
    scene.registry.intercept = (request, response) => {
      if (request.method !== "GET" || request.url?.endsWith(scene.digest) !== true) return false;
      parts += 1;
      if (parts <= 2) return false;
      setTimeout(() => response.writeHead(404).end(), 300);
      return true;
    };
    await using client = createRegistryClient({
      store: scene.store,
      maxConnections: 1,
      windowBytes: megabyte,
    });
    const failing = outcome(client.pull(scene.name, { insecure: true }));
    await expect.poll(() => parts, { timeout: 10_000 }).toBeGreaterThan(2);
    const good = outcome(client.pull(ModelName.parse(`${other.host}/library/m`), { insecure: true }));
    expect((await failing).error).toMatchObject({ code: "NOT_FOUND" });
    expect((await good).error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    const served = (seen: typeof other.seen) =>
      seen
        .filter(({ path }) => path.endsWith(scene.digest))
        .reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    expect(served(other.seen)).toBeLessThan(scene.weights.length);
    expect(served(other.seen) + served(scene.registry.seen)).toBe(scene.weights.length);
  });
});

describe("limits", () => {
  test("bandwidth: bytes come at the pace asked for, with rate and time left in the progress", async () => {
    await using scene = await stage(2 * megabyte);
    const started = Date.now();
    const { error, events } = await scene.pull({ bytesPerSecond: 4 * megabyte });
    expect(error).toBeUndefined();
    expect(Date.now() - started).toBeGreaterThan(400);
    const rates = events.flatMap((event) =>
      event.type === "transfer" && event.bytesPerSecond !== undefined ? [event] : [],
    );
    expect(rates.length).toBeGreaterThan(2);
    expect(
      rates.every((event) => event.remainingMs !== undefined && event.completedBytes <= event.totalBytes),
    ).toBe(true);
  });

  test("fairness: of two pulls at once neither waits for the other", async () => {
    await using scene = await stage(3 * megabyte);
    const other = publishModel(scene.registry, randomBytes(3 * megabyte), { repository: "library/other" });
    await using client = createRegistryClient({ store: scene.store, bytesPerSecond: 6 * megabyte });
    const ends: Record<string, number> = {};
    const run = async (name: ModelName) => {
      const { error } = await outcome(client.pull(name, { insecure: true }));
      expect(error).toBeUndefined();
      ends[name.model] = Date.now();
    };
    const started = Date.now();
    await Promise.all([run(scene.name), run(ModelName.parse(`${scene.registry.host}/library/other`))]);
    const [first = 0, second = 0] = Object.values(ends).map((end) => end - started);
    expect(Math.min(first, second) / Math.max(first, second)).toBeGreaterThan(0.7);
    expect(await scene.store.blobs.has(other.digest)).toBe(true);
  });

  test("an enormous size in the manifest is refused before the first byte", async () => {
    await using scene = await stage(megabyte);
    const [key = ""] = scene.registry.manifests.keys();
    const manifest = JSON.parse(Buffer.from(scene.registry.manifests.get(key)?.bytes ?? []).toString());
    manifest.layers[0].size = 2 ** 52;
    scene.registry.manifests.set(key, {
      bytes: Buffer.from(JSON.stringify(manifest)),
      mediaType: manifest.mediaType,
    });
    scene.registry.intercept = (request, response) => {
      if (request.method !== "HEAD") return false;
      response.writeHead(404).end();
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toMatchObject({ code: "OUT_OF_SPACE" });
    expect(messageOf(error)).toMatch(/nothing was fetched$/);
    expect(scene.servedBytes()).toBe(0);
  });

  test("a manifest without end, and a compressed one (CVE-2024-12886), are refused", async () => {
    await using scene = await stage(1000);
    scene.registry.intercept = (request, response) => {
      if (request.url?.includes("/manifests/") !== true) return false;
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      const pump = () => {
        while (!response.destroyed && response.write(chunk)) {}
      };
      response.on("drain", pump);
      pump();
      return true;
    };
    expect((await scene.pull()).error).toMatchObject({ code: "RESPONSE_INVALID" });
    scene.registry.intercept = (request, response) => {
      if (request.url?.includes("/manifests/") !== true) return false;
      response.writeHead(200, { "content-encoding": "gzip" }).end(randomBytes(100));
      return true;
    };
    const { error } = await scene.pull();
    expect(messageOf(error)).toMatch(/compressed answer, which was not asked for$/);
  });

  test("I 15504: of a digest named twice, both namings are checked", async () => {
    await using scene = await stage(1000);
    const [key = ""] = scene.registry.manifests.keys();
    const manifest = JSON.parse(Buffer.from(scene.registry.manifests.get(key)?.bytes ?? []).toString());
    manifest.layers.push({ ...manifest.layers[0], size: 999 });
    scene.registry.manifests.set(key, {
      bytes: Buffer.from(JSON.stringify(manifest)),
      mediaType: manifest.mediaType,
    });
    expect(messageOf((await scene.pull()).error)).toMatch(/it gives blob sha256:.* two sizes/);
    manifest.layers[2].size = 1000;
    scene.registry.manifests.set(key, {
      bytes: Buffer.from(JSON.stringify(manifest)),
      mediaType: manifest.mediaType,
    });
    scene.registry.blobs.set(scene.digest, randomBytes(1000));
    expect((await scene.pull()).error).toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(await scene.store.manifests.list()).toEqual([]);
  });
});

async function finishedBytes(scene: Scene): Promise<number> {
  await using staged = await scene.store.blobs.stage(scene.digest, scene.weights.length);
  return staged.finishedRanges().reduce((sum, { start, end }) => sum + end - start, 0);
}

test("a damaged blob of another length in the store is replaced", async () => {
  await using scene = await stage(megabyte);
  expect((await scene.pull()).error).toBeUndefined();
  await writeFile(scene.store.blobs.path(scene.digest), "cut");
  expect((await scene.pull()).error).toBeUndefined();
  expect(await scene.hasWeights()).toBe(true);
});

test("a registry outside the allow list is not asked", async () => {
  await using scene = await stage(1000);
  const { error } = await scene.pull({ policy: { allowedRegistries: ["registry.ollama.ai"] } });
  expect(RegistryError.is(error)).toBe(true);
  expect(messageOf(error)).toMatch(/is not among the allowed registries/);
  expect(scene.registry.seen).toEqual([]);
});
