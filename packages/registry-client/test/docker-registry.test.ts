import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mediaTypes, type Store } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { outcome } from "./support.ts";

function haveDockerRegistry(): boolean {
  if (spawnSync("docker-registry", ["--version"]).status === 0) return true;
  const text = "Debian's docker-registry is not installed (apt-get install docker-registry)";
  if (process.env["CI"] === "true") throw new Error(text);
  console.log(`skipped: ${text}`);
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port, so the address is an object.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

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
  let folder: string;
  let port: number;
  let registry: ChildProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "puna-registry-"));
    port = await freePort();
    const config = join(folder, "config.yml");
    await writeFile(
      config,
      `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${join(folder, "data")}}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
    );
    registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
      if (answer?.status === 200) return;
      await sleep(50);
    }
    throw new Error("docker-registry did not start");
  });

  afterAll(async () => {
    registry.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  test("push, push again without sending a blob, mount into another repository, pull into another store", async () => {
    await using first = await openTemporaryStore();
    await using second = await openTemporaryStore();
    const weights = randomBytes(5_000_000);
    const name = ModelName.parse(`127.0.0.1:${port}/library/base`);
    const digest = await createModel(first.store, name, weights);
    await using pusher = createRegistryClient({ store: first.store });
    expect((await outcome(pusher.push(name, { insecure: true }))).error).toBeUndefined();
    const again = await outcome(pusher.push(name, { insecure: true }));
    expect(
      again.events.filter((event) => event.type === "transfer").map((event) => event.completedBytes),
    ).toContain(weights.length);
    const other = ModelName.parse(`127.0.0.1:${port}/library/other:v1`);
    await first.store.manifests.copy(name, other);
    expect((await outcome(pusher.push(other, { insecure: true }))).error).toBeUndefined();

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

  test("an unknown tag is told in Ollama's words", async () => {
    await using temporary = await openTemporaryStore();
    await using client = createRegistryClient({ store: temporary.store });
    const { error } = await outcome(
      client.pull(ModelName.parse(`127.0.0.1:${port}/library/base:none`), { insecure: true }),
    );
    expect(error).toMatchObject({ code: "NOT_FOUND", message: "pull model manifest: file does not exist" });
  });
});
