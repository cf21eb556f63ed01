import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { mediaTypes, openStore, type Store } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { type DockerRegistry, haveDockerRegistry, startDockerRegistry } from "./docker-registry.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { messageOf, outcome } from "./support.ts";

/** Passes bytes on to a port; the first connections break after so many bytes of answers. */
async function startBreakingProxy(target: number, breakAfterBytes: readonly number[]) {
  const plan = [...breakAfterBytes];
  const server = createServer((socket) => {
    const limit = plan.shift() ?? Number.POSITIVE_INFINITY;
    const upstream = connect(target, "127.0.0.1");
    let passed = 0;
    const drop = () => {
      socket.destroy();
      upstream.destroy();
    };
    for (const end of [socket, upstream]) end.on("error", drop).on("close", drop);
    const count = (chunk: Buffer) => {
      passed += chunk.length;
      if (passed > limit) drop();
    };
    socket.on("data", count);
    upstream.on("data", count);
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // Listening on a port, so the address is an object.
    port: (server.address() as AddressInfo).port,
    remaining: () => plan.length,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

async function createModel(store: Store, name: ModelName, weights: Buffer): Promise<string> {
  const model = await store.blobs.putBytes(weights);
  const config = await store.blobs.putJson({ model_format: "gguf" });
  const template = await store.blobs.putText("{{ .Prompt }}");
  await store.manifests.write(name, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: [
      { mediaType: mediaTypes.model, ...model, from: "base:latest" },
      { mediaType: mediaTypes.template, ...template },
    ],
  });
  return model.digest;
}

describe.skipIf(!haveDockerRegistry())("Debian's docker-registry", () => {
  let registry: DockerRegistry;
  let port: number;

  beforeAll(async () => {
    registry = await startDockerRegistry();
    port = registry.port;
  });

  afterAll(() => registry[Symbol.asyncDispose]());

  test("push, push again without sending a blob, mount into another repository, pull into another store", async () => {
    await using first = await openTemporaryStore();
    await using second = await openTemporaryStore();
    const weights = randomBytes(5_000_000);
    let sentBytes = 0;
    const mounts: string[] = [];
    await using proxy = await startFaultProxy(port, (request) => {
      if (request.url?.includes("/blobs/") === true)
        sentBytes += Number(request.headers["content-length"] ?? 0);
      const mount = new URL(request.url ?? "", "http://registry").searchParams.get("mount");
      if (mount !== null) mounts.push(mount);
      return undefined;
    });
    const name = ModelName.parse(`127.0.0.1:${proxy.port}/library/base`);
    const digest = await createModel(first.store, name, weights);
    await using pusher = createRegistryClient({ store: first.store });
    expect((await outcome(pusher.push(name, { insecure: true }))).error).toBeUndefined();
    expect(sentBytes).toBeGreaterThanOrEqual(weights.length);
    sentBytes = 0;
    const again = await outcome(pusher.push(name, { insecure: true }));
    expect(
      again.events.filter((event) => event.type === "transfer").map((event) => event.completedBytes),
    ).toContain(weights.length);
    expect(sentBytes).toBe(0);
    const other = ModelName.parse(`127.0.0.1:${proxy.port}/library/other:v1`);
    await first.store.manifests.copy(name, other);
    expect((await outcome(pusher.push(other, { insecure: true }))).error).toBeUndefined();
    // The registry took the weights over from the first repository: none of their bytes went over the wire.
    expect(mounts).toContain(digest);
    expect(sentBytes).toBeLessThan(1000);

    await using puller = createRegistryClient({ store: second.store });
    expect((await outcome(puller.pull(other, { insecure: true }))).error).toBeUndefined();
    expect(weights.equals(await second.store.blobs.readBytes(digest))).toBe(true);
    const [pushed, pulled] = [
      await first.store.manifests.read(other),
      await second.store.manifests.read(other),
    ];
    expect(pulled?.manifest).toEqual(pushed?.manifest);
  });

  test("pull and push through a network that keeps breaking", async () => {
    await using first = await openTemporaryStore();
    await using second = await openTemporaryStore();
    const weights = randomBytes(8_000_000);
    await using proxy = await startBreakingProxy(
      port,
      [2_000_000, 700, 1_500_000, 300_000, 900_000, 2_500_000, 400_000, 1_000_000],
    );
    const name = ModelName.parse(`127.0.0.1:${proxy.port}/library/broken`);
    const digest = await createModel(first.store, name, weights);
    const options = { retry: { attempts: 10, baseMs: 5, maxMs: 20 } };
    await using pusher = createRegistryClient({ store: first.store, ...options });
    expect((await outcome(pusher.push(name, { insecure: true }))).error).toBeUndefined();
    await using puller = createRegistryClient({ store: second.store, ...options });
    expect((await outcome(puller.pull(name, { insecure: true }))).error).toBeUndefined();
    expect(weights.equals(await second.store.blobs.readBytes(digest))).toBe(true);
    expect(proxy.remaining()).toBeLessThan(5);
  });

  test("a push that was stopped between two parts goes on with the next one after a restart", async () => {
    await using temporary = await openTemporaryStore();
    const weights = randomBytes(3_500_000);
    const asked: string[] = [];
    let isBroken = true;
    await using proxy = await startFaultProxy(port, (request) => {
      asked.push(`${request.method} ${request.headers["content-range"] ?? ""}`);
      return isBroken && request.method === "PATCH" && request.headers["content-range"] === "2000000-2999999"
        ? { act: "swallow" }
        : undefined;
    });
    const name = ModelName.parse(`127.0.0.1:${proxy.port}/library/stopped`);
    const digest = await createModel(temporary.store, name, weights);
    const options = { uploadPartBytes: 1_000_000, retry: { attempts: 2, baseMs: 5 } };
    const abort = new AbortController();
    proxy.onFault = () => abort.abort(new Error("stopped"));
    await using first = createRegistryClient({ store: temporary.store, ...options });
    const stopped = await outcome(first.push(name, { insecure: true, signal: abort.signal }));
    expect(messageOf(stopped.error)).toBe("stopped");
    await temporary.store[Symbol.asyncDispose]();
    asked.length = 0;
    isBroken = false;
    await using store = openStore({ modelsDir: temporary.store.layout.modelsDir });
    await using second = createRegistryClient({ store, ...options });
    expect((await outcome(second.push(name, { insecure: true }))).error).toBeUndefined();
    expect(asked.filter((line) => line.startsWith("PATCH")).slice(0, 2)).toEqual([
      "PATCH 2000000-2999999",
      "PATCH 3000000-3499999",
    ]);
    await using other = await openTemporaryStore();
    await using puller = createRegistryClient({ store: other.store });
    expect((await outcome(puller.pull(name, { insecure: true }))).error).toBeUndefined();
    expect(weights.equals(await other.store.blobs.readBytes(digest))).toBe(true);
  });

  test("what tar unpacks of an export goes into the registry by plain requests, as tools for OCI layouts send it", async () => {
    await using first = await openTemporaryStore();
    await using second = await openTemporaryStore();
    const name = ModelName.parse(`127.0.0.1:${port}/library/exported:v1`);
    const digest = await createModel(first.store, name, randomBytes(700_000));
    const file = join(first.home, "model.tar");
    await writeFile(file, first.store.exportModel(name));
    expect(spawnSync("tar", ["-xf", file, "-C", first.home]).status).toBe(0);
    const blob = (named: string) => readFile(join(first.home, "blobs", named.replace(":", "/")));
    const index = JSON.parse(await readFile(join(first.home, "index.json"), "utf8"));
    const [entry] = index.manifests;
    const manifest = await blob(entry.digest);
    const { config, layers } = JSON.parse(manifest.toString("utf8"));
    const repository = `http://127.0.0.1:${port}/v2/library/exported`;
    for (const part of [config, ...layers]) {
      const begun = await fetch(`${repository}/blobs/uploads/`, { method: "POST" });
      const place = new URL(begun.headers.get("location") ?? "", repository);
      place.searchParams.set("digest", part.digest);
      const body = await blob(part.digest);
      expect(body.byteLength).toBe(part.size);
      expect((await fetch(place, { method: "PUT", body })).status).toBe(201);
    }
    const headers = { "content-type": entry.mediaType };
    const put = await fetch(`${repository}/manifests/v1`, { method: "PUT", headers, body: manifest });
    expect([put.status, put.headers.get("docker-content-digest")]).toEqual([201, entry.digest]);
    await using client = createRegistryClient({ store: second.store });
    expect((await outcome(client.pull(name, { insecure: true }))).error).toBeUndefined();
    expect(await second.store.blobs.readBytes(digest)).toEqual(await first.store.blobs.readBytes(digest));
  });

  test("an unknown tag is told in Ollama's words", async () => {
    await using temporary = await openTemporaryStore();
    await using client = createRegistryClient({ store: temporary.store });
    const { error } = await outcome(
      client.pull(ModelName.parse(`127.0.0.1:${port}/library/base:none`), { insecure: true }),
    );
    expect(error).toMatchObject({ code: "NOT_FOUND", message: "pull model manifest: file does not exist" });
  });
});
