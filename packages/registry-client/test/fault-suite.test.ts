import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Store, StoreError } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { buildConnector } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRegistryClient, type RegistryClientOptions } from "../src/index.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { fillAndResume, smallDisks } from "./small-disk.ts";
import { messageOf, outcome } from "./support.ts";
import { type Upstream, upstreams } from "./upstreams.ts";

const size = 6_000_000;
const weights = randomBytes(size);

interface Scene extends AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly store: Store;
  /** bytes that arrived in this process, heads of answers included */
  arrivedBytes(): number;
  /** hosts that connections were opened to */
  readonly connections: readonly string[];
  requests: number;
  pull(options?: Partial<RegistryClientOptions>): Promise<unknown>;
  hasWeights(): Promise<boolean>;
}

async function stage(upstream: Upstream): Promise<Scene> {
  const temporary = await openTemporaryStore();
  const { store } = temporary;
  const proxy = await startFaultProxy(upstream.port, () => undefined);
  const sockets: { readonly bytesRead: number }[] = [];
  const connections: string[] = [];
  const connect = buildConnector({});
  const scene: Scene = {
    proxy,
    store,
    connections,
    requests: 0,
    arrivedBytes: () => sockets.reduce((sum, socket) => sum + socket.bytesRead, 0),
    async pull(options = {}) {
      await using client = createRegistryClient({
        store,
        stallMs: 250,
        retry: { baseMs: 1, maxMs: 5 },
        connector: (target, callback) => {
          connections.push(target.hostname);
          connect(target, (...[error, socket]) => {
            if (error === null) {
              sockets.push(socket);
              callback(null, socket);
            } else callback(error, null);
          });
        },
        ...options,
      });
      const name = ModelName.parse(`127.0.0.1:${proxy.port}/library/m`);
      return (await outcome(client.pull(name, { insecure: true }))).error;
    },
    hasWeights: async () =>
      (await store.blobs.has(upstream.digest)) &&
      weights.equals(await store.blobs.readBytes(upstream.digest, { maxBytes: size })),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
  return scene;
}

describe.each(Object.entries(upstreams))("%s behind a network with faults", (_name, start) => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await start(weights);
  });
  afterAll(() => upstream[Symbol.asyncDispose]());

  const isBlob = (request: IncomingMessage) =>
    request.method === "GET" && request.url?.endsWith(upstream.digest) === true;

  /** Breaks requests for the weights one after the other; those after the last pass. */
  const breakInTurn = (scene: Scene, faults: readonly Fault[]) => {
    const left = [...faults];
    scene.proxy.fault = (request) => {
      scene.requests += 1;
      return isBlob(request) ? left.shift() : undefined;
    };
    return left;
  };

  /** Every byte of the weights arrived once: what is beyond their size is heads, manifest and small layers. */
  const expectEachByteOnce = (scene: Scene, refusedBytes = 0) => {
    expect(scene.arrivedBytes()).toBeGreaterThanOrEqual(size);
    expect(scene.arrivedBytes()).toBeLessThan(size + refusedBytes + 3_000 + scene.requests * 1_000);
  };

  test.each<readonly [string, readonly Fault[]]>([
    ["a stall before the first byte", [{ act: "swallow" }]],
    [
      "stalls in mid-range",
      [1, 70_001, 300_000].map((afterBytes) => ({ afterBytes, act: "stall" }) as const),
    ],
    [
      "resets at random offsets",
      Array.from({ length: 15 }, (_, index) => {
        return { afterBytes: 1 + ((index * 73_421) % 400_000), act: "reset" } as const;
      }),
    ],
    ["answers that end early", [5, 100_000].map((afterBytes) => ({ afterBytes, act: "end" }) as const)],
    ["a slow loris", [{ afterBytes: 50_000, act: "drip" }]],
    [
      "500, 502 and 429 with Retry-After",
      [{ status: 500, body: "oops" }, { status: 502 }, { status: 429, headers: { "retry-after": "1" } }],
    ],
  ])("%s: the pull ends well, and no byte is fetched twice", async (what, faults) => {
    await using scene = await stage(upstream);
    const left = breakInTurn(scene, faults);
    const begun = Date.now();
    expect(await scene.pull()).toBeUndefined();
    expect(left).toEqual([]);
    expect(await scene.hasWeights()).toBe(true);
    if (what.includes("Retry-After")) expect(Date.now() - begun).toBeGreaterThan(990);
    expectEachByteOnce(scene);
  });

  test("a token that ends in mid-pull is renewed, and no byte is fetched twice", async () => {
    await using scene = await stage(upstream);
    let [token, endsAt] = [0, 0];
    scene.proxy.fault = (request) => {
      scene.requests += 1;
      const { host, authorization } = request.headers;
      if (request.url?.startsWith("/token") === true) {
        token += 1;
        endsAt = Date.now() + 100;
        return { status: 200, body: JSON.stringify({ token: `t${token}` }) };
      }
      if (authorization === `Bearer t${token}` && Date.now() < endsAt) return undefined;
      const challenge = `Bearer realm="http://${host}/token",service="s",scope="repository:library/m:pull"`;
      return { status: 401, headers: { "www-authenticate": challenge } };
    };
    expect(await scene.pull({ bytesPerSecond: 15_000_000 })).toBeUndefined();
    expect(token).toBeGreaterThan(1);
    // One for all connections, each time.
    expect(token).toBeLessThan(15);
    expect(await scene.hasWeights()).toBe(true);
    expectEachByteOnce(scene);
  });

  test.each<readonly [string, Fault, RegExp, string]>([
    [
      "endless silence",
      { act: "swallow" },
      /^max retries exceeded: 127\.0\.0\.1:\d+ sent nothing for 0 s; pull again to resume$/,
      "STALLED",
    ],
    [
      "endless 503s",
      { status: 503, body: "we are closed" },
      /^max retries exceeded: 503: we are closed; pull again to resume$/,
      "REFUSED_BY_REGISTRY",
    ],
    [
      "416",
      { status: 416 },
      /^The registry has fewer bytes for blob sha256:[0-9a-f]{64}, but its manifest says 6000000; the model must be pushed again$/,
      "SIZE_MISMATCH",
    ],
    [
      "another length",
      { act: "pass", headers: { "content-range": "bytes 0-9/10" } },
      /answered with another range than was asked for$/,
      "",
    ],
    [
      "another range",
      { act: "pass", headers: { "content-range": "bytes 7-16/6000000" } },
      /^127\.0\.0\.1:\d+ answered with another range than was asked for$/,
      "RESPONSE_INVALID",
    ],
    ["a redirect to nowhere", { status: 307 }, /^http: no Location header in response$/, "REDIRECT_REFUSED"],
    [
      "a redirect to a private address",
      { status: 307, headers: { location: "http://10.0.0.1/x" } },
      /^10\.0\.0\.1 is at a private or special address, and 127\.0\.0\.1:\d+ may not send this machine there/,
      "TARGET_REFUSED",
    ],
    [
      "a redirect to a link-local address",
      { status: 307, headers: { location: "http://169.254.169.254/latest/meta-data/" } },
      /^169\.254\.169\.254 is at a private or special address/,
      "TARGET_REFUSED",
    ],
    [
      "a redirect to a name of a link-local address",
      { status: 307, headers: { location: "http://metadata.test/" } },
      /^metadata\.test is at a private or special address/,
      "TARGET_REFUSED",
    ],
  ])(
    "%s for a part in mid-pull ends it with its reason; the next pull fetches only the rest",
    async (_what, fault, message, code) => {
      await using scene = await stage(upstream);
      let parts = 0;
      scene.proxy.fault = (request) => {
        scene.requests += 1;
        if (!isBlob(request)) return undefined;
        parts += 1;
        return parts <= 2 ? undefined : fault;
      };
      const error = await scene.pull({
        retry: { attempts: 2, baseMs: 1 },
        maxConnections: 1,
        windowBytes: 2_000_000,
        resolve: async () => ["169.254.169.254"],
      });
      expect(messageOf(error)).toMatch(message);
      if (code !== "") expect(error).toMatchObject({ code });
      expect(await scene.store.manifests.list()).toEqual([]);
      expect(new Set(scene.connections)).toEqual(new Set(["127.0.0.1"]));
      expect(parts).toBeGreaterThan(2);
      const finished = await finishedBytes(scene.store, upstream.digest);
      expect(finished).toBeGreaterThan(0);
      scene.proxy.fault = () => {
        scene.requests += 1;
        return undefined;
      };
      expect(await scene.pull()).toBeUndefined();
      expect(await scene.hasWeights()).toBe(true);
      // Of an answer that is refused for its head, what came with the head is not used.
      expectEachByteOnce(scene, "act" in fault && fault.act === "pass" ? 512 * 1024 : 0);
    },
  );

  test("redirects to the same host and to another are followed; a loop ends with its reason", async () => {
    await using scene = await stage(upstream);
    await using elsewhere = await startFaultProxy(upstream.port, () => undefined);
    const received: (string | undefined)[] = [];
    elsewhere.fault = (request) => {
      received.push(request.headers.authorization);
      return undefined;
    };
    scene.proxy.fault = (request) => {
      if (request.headers.authorization === undefined)
        return { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } };
      if (!isBlob(request)) return undefined;
      if (request.url?.startsWith("/moved") === true)
        return {
          status: 302,
          headers: { location: `http://localhost:${elsewhere.port}${request.url.slice(6)}` },
        };
      return { status: 307, headers: { location: `/moved${request.url}` } };
    };
    const credentials = async () => ({ username: "user", password: "secret" });
    expect(await scene.pull({ credentials })).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    expect(new Set(received)).toEqual(new Set([undefined]));

    await using other = await stage(upstream);
    other.proxy.fault = (request) =>
      isBlob(request) ? { status: 307, headers: { location: request.url ?? "" } } : undefined;
    expect(messageOf(await other.pull())).toMatch(
      /^127\.0\.0\.1:\d+ redirects in a loop: stopped after 10 redirects$/,
    );
  });

  test("other bytes than the digest says: refused in Ollama's words, nothing kept, right the next time", async () => {
    await using scene = await stage(upstream);
    scene.proxy.fault = (request) => (isBlob(request) ? { act: "corrupt" } : undefined);
    const error = await scene.pull();
    expect(StoreError.is(error)).toBe(true);
    expect(messageOf(error)).toContain(
      `digest mismatch, file must be downloaded again: want ${upstream.digest}, got sha256:`,
    );
    expect(await scene.store.manifests.list()).toEqual([]);
    expect(await scene.hasWeights()).toBe(false);
    scene.proxy.fault = () => undefined;
    expect(await scene.pull()).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
  });

  test.each(Object.keys(smallDisks))(
    "%s that fills up in mid-pull is told at once, lists no model, and costs no finished byte",
    async (kind) => {
      await using proxy = await startFaultProxy(upstream.port, () => undefined);
      let served = 0;
      let manifests = 0;
      proxy.fault = (request) => {
        // The resuming process asks for the manifest first.
        if (request.url?.includes("/manifests/") === true) manifests += 1;
        const [, start = "0", end = "0"] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
        if (isBlob(request) && manifests > 1) served += Number(end) + 1 - Number(start);
        return undefined;
      };
      const { fill, resume } = await fillAndResume(kind, {
        host: `127.0.0.1:${proxy.port}`,
        digest: upstream.digest,
        sizeBytes: size,
      });
      expect(fill).toMatchObject({ phase: "fill", code: "OUT_OF_SPACE", models: 0 });
      expect(fill?.message).toMatch(
        /^No space left on the disk while writing blob sha256:.*; free some and run again to resume$/,
      );
      expect(resume).toMatchObject({ phase: "resume", models: 1 });
      expect(resume?.finished).toBeGreaterThan(200_000);
      expect(served).toBe(size - (resume?.finished ?? 0));
    },
  );

  test("a wrong length in the answer to HEAD is told before the first byte", async () => {
    await using scene = await stage(upstream);
    scene.proxy.fault = (request) =>
      request.method === "HEAD" && request.url?.endsWith(upstream.digest) === true
        ? { status: 200, headers: { "content-length": "5" } }
        : undefined;
    const error = await scene.pull();
    expect(messageOf(error)).toBe(
      `The registry has 5 bytes for blob ${upstream.digest}, but its manifest says ${size}; the model must be pushed again`,
    );
    expect(scene.arrivedBytes()).toBeLessThan(5_000);
  });
});

async function finishedBytes(store: Store, digest: string): Promise<number> {
  await using staged = await store.blobs.stage(digest, size);
  return staged.finishedRanges().reduce((sum, { start, end }) => sum + end - start, 0);
}
