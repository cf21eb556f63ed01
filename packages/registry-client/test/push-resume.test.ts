import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { openStore, type Store } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { type LoopbackRegistry, publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { messageOf, outcome, serve } from "./support.ts";

const partBytes = 1_000_000;
const weights = randomBytes(5 * partBytes + 10);

/** A store with a model, and a registry that had it and forgot it. */
async function stage() {
  const registry = await startLoopbackRegistry();
  const temporary = await openTemporaryStore();
  const { digest } = publishModel(registry, weights);
  const name = ModelName.parse(`${registry.host}/library/m`);
  await using client = createRegistryClient({ store: temporary.store });
  await outcome(client.pull(name, { insecure: true }));
  registry.blobs.clear();
  registry.seen.length = 0;
  return {
    registry,
    digest,
    name,
    store: temporary.store,
    /** the same folder, as another process opens it */
    reopen: () => openStore({ modelsDir: temporary.store.layout.modelsDir }),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

async function push(store: Store, name: ModelName, signal?: AbortSignal) {
  await using client = createRegistryClient({ store, uploadPartBytes: partBytes, retry: { baseMs: 1 } });
  return await outcome(client.push(name, { insecure: true, ...(signal && { signal }) }));
}

/** Ends the push when the registry is asked to take the given part. */
async function pushUntilPart(registry: LoopbackRegistry, store: Store, name: ModelName, part: number) {
  const abort = new AbortController();
  registry.intercept = (request) => {
    if (request.method !== "PATCH") return false;
    if (request.headers["content-range"]?.startsWith(`${(part - 1) * partBytes}-`) !== true) return false;
    abort.abort(new Error("stopped"));
    return true;
  };
  const { error } = await push(store, name, abort.signal);
  expect(messageOf(error)).toBe("stopped");
  registry.intercept = undefined;
  registry.seen.length = 0;
}

const ranges = (registry: LoopbackRegistry) =>
  registry.seen.filter(({ method }) => method === "PATCH").map(({ headers }) => headers["content-range"]);

test("after a restart a push goes on at the first byte that the registry has not", async () => {
  await using scene = await stage();
  const { registry, name, store } = scene;
  await pushUntilPart(registry, store, name, 4);
  await store[Symbol.asyncDispose]();
  await using next = scene.reopen();
  const { error, events } = await push(next, name);
  expect(error).toBeUndefined();
  expect(ranges(registry)[0]).toBe("3000000-3999999");
  expect(weights.equals(registry.blobs.get(scene.digest) ?? Buffer.of())).toBe(true);
  const first = events.find((event) => event.type === "transfer" && event.digest === scene.digest);
  expect(first).toMatchObject({ completedBytes: 3 * partBytes });
  registry.blobs.delete(scene.digest);
  registry.seen.length = 0;
  expect((await push(next, name)).error).toBeUndefined();
  expect(ranges(registry)[0]).toBe("0-999999");
});

test("an upload that another process is at, or that the registry forgot, is left alone", async () => {
  await using scene = await stage();
  const { registry, name, store } = scene;
  await pushUntilPart(registry, store, name, 4);
  await using next = scene.reopen();
  expect((await push(next, name)).error).toBeUndefined();
  expect(ranges(registry)[0]).toBe("0-999999");

  registry.blobs.delete(scene.digest);
  await pushUntilPart(registry, store, name, 3);
  await store[Symbol.asyncDispose]();
  registry.intercept = (request, response) => {
    if (request.method !== "GET" || request.url?.includes("/uploads/") !== true) return false;
    response.writeHead(404).end();
    return true;
  };
  expect((await push(next, name)).error).toBeUndefined();
  expect(ranges(registry)[0]).toBe("0-999999");
  expect(weights.equals(registry.blobs.get(scene.digest) ?? Buffer.of())).toBe(true);
});

test("a note that names another host is not followed", async () => {
  await using scene = await stage();
  const { registry, name, store } = scene;
  const key = `http://${registry.host}/v2/library/m/blobs/uploads/ ${scene.digest}`;
  await store.uploadNotes.write(key, "http://127.0.0.1:1/v2/library/m/blobs/uploads/x");
  await store[Symbol.asyncDispose]();
  await using next = scene.reopen();
  expect((await push(next, name)).error).toBeUndefined();
  expect(ranges(registry)[0]).toBe("0-999999");
});

/** Takes uploads in parts, and after the third has only `keptBytes` of them left, as if it had been restarted. */
function forgetfulRegistry(keptBytes: number) {
  const parts: Buffer[] = [];
  const begun: string[] = [];
  let closed: { readonly bytes: Buffer; readonly etag: string | null; readonly parts: number } | undefined;
  let patches = 0;
  const received = () => parts.reduce((sum, part) => sum + part.byteLength, 0);
  const forget = () => {
    const kept = Buffer.concat(parts).subarray(0, keptBytes);
    parts.length = 0;
    for (let at = 0; at < kept.byteLength; at += partBytes) parts.push(kept.subarray(at, at + partBytes));
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://registry");
    const location = `/v2/library/m/blobs/uploads/${begun.length}`;
    const range = () => `0-${Math.max(received() - 1, 0)}`;
    if (request.method === "HEAD") return response.writeHead(404).end();
    if (url.pathname.includes("/manifests/")) return response.writeHead(201).end();
    if (request.method === "POST") {
      begun.push(url.pathname);
      parts.length = 0;
      return response.writeHead(202, { location: `${location.slice(0, -1)}${begun.length}` }).end();
    }
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk);
    const bytes = Buffer.concat(body);
    if (request.method === "GET") return response.writeHead(204, { location, range: range() }).end();
    if (request.method === "PATCH") {
      if (request.headers["content-range"]?.startsWith(`${received()}-`) !== true)
        return response.writeHead(416, { location, range: range() }).end();
      parts.push(bytes);
      patches += 1;
      if (patches !== 3) return response.writeHead(202, { location, range: range() }).end();
      forget();
      return response.destroy();
    }
    const all = Buffer.concat(parts);
    const etag = createHash("md5")
      .update(Buffer.concat(parts.map(md5)))
      .digest("hex");
    if (all.byteLength > partBytes) {
      closed = { bytes: all, etag: url.searchParams.get("etag"), parts: parts.length };
      expect(closed.etag).toBe(`${etag}-${parts.length}`);
    }
    return response.writeHead(201).end();
  };
  return { handle, begun, uploaded: () => closed?.bytes };
}

const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest();

test.each([
  ["some of what it took", 1_500_000],
  ["all that it took", 0],
])(
  "a registry that loses %s in mid-upload gets it again, with the hash of the parts it has",
  async (_what, kept) => {
    await using scene = await stage();
    const registry = forgetfulRegistry(kept);
    await using server = await serve((request, response) => void registry.handle(request, response));
    const target = ModelName.parse(`127.0.0.1:${server.port}/library/m`);
    await scene.store.manifests.copy(scene.name, target);
    expect((await push(scene.store, target)).error).toBeUndefined();
    expect(registry.uploaded()?.equals(weights)).toBe(true);
  },
);
