import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Store, StoreError } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { createRegistryClient, type RegistryClientOptions, RegistryError } from "../src/index.ts";
import {
  type LoopbackRegistry,
  publishModel,
  sendBlob,
  startLoopbackRegistry,
} from "../src/testing/index.ts";
import { messageOf, outcome } from "./support.ts";

const megabyte = 1_000_000;

interface Scene extends AsyncDisposable {
  readonly registry: LoopbackRegistry;
  readonly store: Store;
  readonly weights: Buffer;
  readonly digest: string;
  readonly name: ModelName;
  pull(options?: Partial<RegistryClientOptions>, signal?: AbortSignal): ReturnType<typeof outcome>;
  /** the weights are in the store, whole and right */
  hasWeights(): Promise<boolean>;
  /** bytes of the weights that the registry handed out */
  servedBytes(): number;
}

async function stage(size = 6 * megabyte): Promise<Scene> {
  const registry = await startLoopbackRegistry();
  const temporary = await openTemporaryStore();
  const { store } = temporary;
  const weights = randomBytes(size);
  const { digest } = publishModel(registry, weights);
  const name = ModelName.parse(`${registry.host}/library/m`);
  return {
    registry,
    store,
    weights,
    digest,
    name,
    async pull(options = {}, signal) {
      await using client = createRegistryClient({
        store,
        stallMs: 200,
        retry: { baseMs: 1, maxMs: 5 },
        ...options,
      });
      return await outcome(
        client.pull(name, { insecure: true, ...(signal === undefined ? {} : { signal }) }),
      );
    },
    async hasWeights() {
      return (
        (await store.blobs.has(digest)) &&
        weights.equals(await store.blobs.readBytes(digest, { maxBytes: size }))
      );
    },
    servedBytes() {
      return registry.seen
        .filter(({ path }) => path.endsWith(digest))
        .reduce((sum, seen) => sum + seen.sentBytes, 0);
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

const isBlobGet = (request: IncomingMessage, digest: string) =>
  request.method === "GET" && request.url?.endsWith(digest) === true;

/** Head of the answer to a range request, and its bytes. */
function rangeOf(
  request: IncomingMessage,
  bytes: Buffer,
): { readonly head: Record<string, string | number>; readonly body: Buffer } {
  const [, start = "0", end = String(bytes.length - 1)] =
    /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  const body = bytes.subarray(Number(start), Number(end) + 1);
  return {
    head: { "content-length": body.length, "content-range": `bytes ${start}-${end}/${bytes.length}` },
    body,
  };
}

/** Sends only the first bytes of a range, then does `then`. */
function sendPartly(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  count: number,
  then: () => void,
): number {
  const { head, body } = rangeOf(request, bytes);
  response.writeHead(206, head);
  const sent = Math.min(count, body.length);
  if (sent === body.length) response.end(body);
  else response.write(body.subarray(0, sent), () => setTimeout(then, 10));
  return sent;
}

describe("the network breaks", () => {
  test("resets at random offsets: every byte is fetched once", async () => {
    await using scene = await stage();
    let breaks = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest) || breaks >= 20) return false;
      breaks += 1;
      sendPartly(request, response, scene.weights, 1 + ((breaks * 73_421) % 400_000), () =>
        response.destroy(),
      );
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(breaks).toBe(20);
    expect(await scene.hasWeights()).toBe(true);
    // What the kernel had not handed over when the connection was reset never arrived, so it is no finished range.
    expect(scene.servedBytes()).toBeLessThan(scene.weights.length + 20 * 400_000);
  });

  test("an answer that ends early goes on at the byte where it ended", async () => {
    await using scene = await stage();
    let calls = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest) || ++calls > 3) return false;
      const { head, body } = rangeOf(request, scene.weights);
      delete head["content-length"];
      response.writeHead(206, head).end(body.subarray(0, 100_000));
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });

  test("a stall before the first byte and one in the middle are noticed, and nothing is fetched twice", async () => {
    await using scene = await stage();
    let calls = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      calls += 1;
      if (calls === 1) return true;
      if (calls > 3) return false;
      sendPartly(request, response, scene.weights, 300_000, () => {});
      return true;
    };
    const started = Date.now();
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(Date.now() - started).toBeLessThan(5000);
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });

  test("a server that only ever stalls ends with a clear text, and the store stays empty", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request) => isBlobGet(request, scene.digest);
    const { error } = await scene.pull({ retry: { attempts: 3, baseMs: 1, maxMs: 2 } });
    expect(messageOf(error)).toMatch(
      /^max retries exceeded: 127\.0\.0\.1:\d+ sent nothing for .* s; pull again to resume$/,
    );
    expect(error).toMatchObject({ code: "STALLED" });
    expect(await scene.store.manifests.list()).toEqual([]);
  });

  test("slow loris: a byte now and then counts as a stall", async () => {
    await using scene = await stage(megabyte);
    let calls = 0;
    const timers: NodeJS.Timeout[] = [];
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest) || ++calls > 1) return false;
      const { head, body } = rangeOf(request, scene.weights);
      response.writeHead(206, head);
      let at = 0;
      timers.push(setInterval(() => response.write(body.subarray(at, ++at)), 20));
      return true;
    };
    const { error } = await scene.pull();
    for (const timer of timers) clearInterval(timer);
    expect(error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
  });

  test("no server: told at once what could not be reached", async () => {
    await using scene = await stage();
    await scene.registry[Symbol.asyncDispose]();
    const { error } = await scene.pull();
    expect(error).toMatchObject({ code: "UNREACHABLE" });
    expect(messageOf(error)).toMatch(
      /^pull model manifest: GET http:\/\/127\.0\.0\.1:\d+\/v2\/library\/m\/manifests\/latest: connect ECONNREFUSED/,
    );
  });
});

describe("the server answers wrongly", () => {
  test("500s and 429 with Retry-After are waited out", async () => {
    await using scene = await stage();
    let calls = 0;
    let retriedAfterMs = 0;
    let refusedAt = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      calls += 1;
      if (calls === 1) response.writeHead(500).end("oops");
      else if (calls === 2) {
        refusedAt = Date.now();
        response.writeHead(429, { "retry-after": "1" }).end();
      } else {
        if (calls === 3) retriedAfterMs = Date.now() - refusedAt;
        return false;
      }
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(retriedAfterMs).toBeGreaterThanOrEqual(990);
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length + "oops".length);
  });

  test("endless 503s end with the registry's own words", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      response.writeHead(503).end("we are closed");
      return true;
    };
    const { error } = await scene.pull();
    expect(messageOf(error)).toBe("max retries exceeded: 503: we are closed; pull again to resume");
  });

  test("416, and a total that differs from the manifest, are a wrong size", async () => {
    await using scene = await stage();
    for (const answer of [
      { status: 416, headers: {} },
      { status: 206, headers: { "content-range": "bytes 0-9/10", "content-length": 10 } },
      { status: 200, headers: { "content-length": 10 } },
    ]) {
      scene.registry.intercept = (request, response) => {
        if (!isBlobGet(request, scene.digest)) return false;
        response.writeHead(answer.status, answer.headers).end(answer.status === 416 ? "" : "0123456789");
        return true;
      };
      const { error } = await scene.pull();
      expect(error).toMatchObject({ code: "SIZE_MISMATCH" });
    }
    expect(await scene.hasWeights()).toBe(false);
  });

  test("a wrong length in HEAD is told before the first byte", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request, response) => {
      if (request.method !== "HEAD" || !request.url?.endsWith(scene.digest)) return false;
      response.writeHead(200, { "content-length": 5 }).end();
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toMatchObject({ code: "SIZE_MISMATCH" });
    expect(scene.servedBytes()).toBe(0);
  });

  test("other bytes of the same length: refused, told in Ollama's words, removed, and fetched anew by the next pull", async () => {
    await using scene = await stage(megabyte);
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      sendBlob(request, response, randomBytes(scene.weights.length));
      return true;
    };
    const first = await scene.pull();
    expect(StoreError.is(first.error)).toBe(true);
    expect(messageOf(first.error)).toContain(
      `digest mismatch, file must be downloaded again: want ${scene.digest}, got sha256:`,
    );
    expect(first.events.at(-1)?.status).toBe("verifying sha256 digest");
    expect(await readdir(scene.store.layout.stagingDir)).toEqual([]);
    scene.registry.intercept = undefined;
    expect((await scene.pull()).error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
  });

  test("a range other than the one asked for is not written", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      response
        .writeHead(206, { "content-range": `bytes 7-16/${scene.weights.length}`, "content-length": 10 })
        .end("0123456789");
      return true;
    };
    expect((await scene.pull()).error).toMatchObject({ code: "RESPONSE_INVALID" });
  });

  test("a server without ranges is read in one stream", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request) => {
      delete request.headers.range;
      return false;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });

  test("a token that ends in mid-pull is renewed", async () => {
    await using scene = await stage();
    let token = 0;
    let uses = 0;
    scene.registry.intercept = (request, response) => {
      if (request.url?.startsWith("/token") === true) {
        token += 1;
        uses = 0;
        response.end(JSON.stringify({ token: `t${token}` }));
        return true;
      }
      uses += 1;
      if (request.headers.authorization === `Bearer t${token}` && uses <= 4) return false;
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="s",scope="repository:library/m:pull"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(token).toBeGreaterThan(1);
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });
});

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
