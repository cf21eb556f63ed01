import { randomBytes } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import type { Duplex } from "node:stream";
import type { Store } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { generate } from "selfsigned";
import { beforeAll, describe, expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { messageOf, outcome } from "./support.ts";

/** Asks another server the same and hands its answer on. */
async function forward(request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
  const headers = request.headers.range === undefined ? {} : { range: request.headers.range };
  const answer = await fetch(url, { method: request.method ?? "GET", headers });
  const kept = [...answer.headers].filter(([name]) => name.startsWith("content-"));
  response.writeHead(answer.status, Object.fromEntries(kept)).end(Buffer.from(await answer.arrayBuffer()));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port, so the address is an object.
  return (server.address() as AddressInfo).port;
}

let certificate: { readonly key: string; readonly cert: string };

beforeAll(async () => {
  // Names that no authority of the system vouches for.
  const altNames = [
    { type: 2, value: "localhost" },
    { type: 2, value: "registry.test" },
  ] as const;
  const made = await generate([{ name: "commonName", value: "registry.test" }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [...altNames] }],
  });
  certificate = { key: made.private, cert: made.cert };
});

interface Scene extends AsyncDisposable {
  readonly store: Store;
  /** port of the registry's encrypted side */
  readonly port: number;
}

/** A registry with a model, reached by TLS. */
async function stage(): Promise<Scene> {
  const registry = await startLoopbackRegistry();
  const temporary = await openTemporaryStore();
  publishModel(registry, randomBytes(2_000_000));
  const server = createTlsServer(certificate, (request, response) => {
    void forward(request, response, `http://${registry.host}${request.url}`);
  });
  const port = await listen(server);
  return {
    store: temporary.store,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await registry[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

describe("TLS", () => {
  test("a certificate of an own authority is trusted when it is configured, and only then", async () => {
    await using scene = await stage();
    const name = ModelName.parse(`localhost:${scene.port}/library/m`);
    const options = { store: scene.store, resolve: async () => ["127.0.0.1"] };
    await using stranger = createRegistryClient({ ...options, retry: { attempts: 1 } });
    const refused = await outcome(stranger.pull(name));
    expect(refused.error).toMatchObject({ code: "UNREACHABLE" });
    expect(messageOf(refused.error)).toMatch(/self-signed certificate/);
    await using friend = createRegistryClient({ ...options, certificateAuthority: certificate.cert });
    expect((await outcome(friend.pull(name))).error).toBeUndefined();
  });

  test("a certificate for another host is refused", async () => {
    await using scene = await stage();
    await using client = createRegistryClient({
      store: scene.store,
      certificateAuthority: certificate.cert,
      retry: { attempts: 1 },
    });
    const { error } = await outcome(client.pull(ModelName.parse(`127.0.0.1:${scene.port}/library/m`)));
    expect(messageOf(error)).toMatch(/does not match certificate's altnames/);
  });
});

interface ProxyRequest {
  readonly target: string;
  readonly authorization: string | undefined;
}

/** A proxy of both kinds: it opens tunnels, and forwards plain requests. Every name means the given ports. */
async function startProxy(ports: { readonly tunnel: number; readonly plain?: string }, answer = 200) {
  const asked: ProxyRequest[] = [];
  const note = (request: IncomingMessage, target: string) =>
    asked.push({ target, authorization: request.headers["proxy-authorization"] });
  const server = createHttpServer((request, response) => {
    const url = new URL(request.url ?? "");
    note(request, url.host);
    void forward(request, response, `http://${ports.plain}${url.pathname}`);
  });
  const sockets = new Set<Duplex>();
  server.on("connect", (request, socket, head) => {
    note(request, request.url ?? "");
    sockets.add(socket);
    socket.on("error", () => {});
    if (answer !== 200) {
      socket.end(`HTTP/1.1 ${answer} Refused\r\n\r\n`);
      return;
    }
    const upstream = connect(ports.tunnel, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
  });
  const port = await listen(server);
  return {
    asked,
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("proxies", () => {
  test("a registry is reached through the proxy that is configured for it", async () => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    publishModel(registry, randomBytes(2_000_000));
    await using proxy = await startProxy({ tunnel: 0, plain: registry.host });
    await using client = createRegistryClient({
      store: temporary.store,
      proxy: { http: `http://${proxy.host}` },
    });
    const name = ModelName.parse("registry.test/library/m");
    expect((await outcome(client.pull(name, { insecure: true }))).error).toBeUndefined();
    expect(new Set(proxy.asked.map(({ target }) => target))).toEqual(new Set(["registry.test"]));
  });

  test("an encrypted registry is reached through a tunnel, with the proxy's password, and its certificate is checked", async () => {
    await using scene = await stage();
    await using proxy = await startProxy({ tunnel: scene.port });
    const options = {
      store: scene.store,
      proxy: { https: `http://user:secret@${proxy.host}` },
      retry: { attempts: 1 },
    };
    const name = ModelName.parse("registry.test/library/m");
    await using stranger = createRegistryClient(options);
    expect(messageOf((await outcome(stranger.pull(name))).error)).toMatch(/self-signed certificate/);
    await using client = createRegistryClient({ ...options, certificateAuthority: certificate.cert });
    expect((await outcome(client.pull(name))).error).toBeUndefined();
    const authorization = `Basic ${Buffer.from("user:secret").toString("base64")}`;
    expect(proxy.asked.length).toBeGreaterThan(1);
    expect(proxy.asked.every((asked) => asked.target === "registry.test:443")).toBe(true);
    expect(proxy.asked.every((asked) => asked.authorization === authorization)).toBe(true);
  });

  test("what NO_PROXY names is reached directly", async () => {
    await using scene = await stage();
    await using proxy = await startProxy({ tunnel: scene.port });
    const attempts: string[] = [];
    await using client = createRegistryClient({
      store: scene.store,
      certificateAuthority: certificate.cert,
      proxy: { https: `http://${proxy.host}`, no: "other.test,.test:8443, registry.test" },
      retry: { attempts: 1 },
      resolve: async () => ["93.184.216.34"],
      connector: (target, callback) => {
        attempts.push(target.hostname);
        callback(new Error("refused by the test"), null);
      },
    });
    const { error } = await outcome(client.pull(ModelName.parse("registry.test/library/m")));
    expect(messageOf(error)).toMatch(/refused by the test/);
    expect(attempts).toEqual(["93.184.216.34"]);
    expect(proxy.asked).toEqual([]);
  });

  test("a proxy that refuses is told, without its password", async () => {
    await using scene = await stage();
    await using proxy = await startProxy({ tunnel: scene.port }, 407);
    await using client = createRegistryClient({
      store: scene.store,
      proxy: { https: `http://user:hunter2@${proxy.host}` },
      retry: { attempts: 1 },
    });
    const { error } = await outcome(client.pull(ModelName.parse("registry.test/library/m")));
    expect(error).toMatchObject({ code: "UNREACHABLE" });
    expect(messageOf(error)).toMatch(/407/);
    expect(messageOf(error)).not.toMatch(/hunter2/);
  });
});

describe("push", () => {
  test("a part that breaks off goes on at the byte that the registry has", async () => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    const { digest } = publishModel(registry, randomBytes(6_000_000));
    const name = ModelName.parse(`${registry.host}/library/m`);
    await using client = createRegistryClient({ store: temporary.store, retry: { baseMs: 1 } });
    await outcome(client.pull(name, { insecure: true }));
    registry.blobs.clear();
    let breaks = 0;
    registry.intercept = (request, response) => {
      if (request.method !== "PATCH" || request.headers["content-length"] === undefined || breaks >= 2)
        return false;
      if (Number(request.headers["content-length"]) < 1_000_000) return false;
      breaks += 1;
      let received = 0;
      request.on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (received > 2_000_000) response.destroy();
      });
      return false;
    };
    registry.seen.length = 0;
    expect((await outcome(client.push(name, { insecure: true }))).error).toBeUndefined();
    expect(breaks).toBe(2);
    expect(registry.blobs.has(digest)).toBe(true);
    const patches = registry.seen
      .filter(({ method }) => method === "PATCH")
      .map(({ headers }) => Number.parseInt(headers["content-range"] ?? "", 10));
    const largest = patches.slice(0, 3);
    expect(largest[0]).toBe(0);
    expect(largest[1]).toBeGreaterThan(0);
    expect(largest[2]).toBeGreaterThan(largest[1] ?? 0);
  });

  test("a registry that knows no parts gets the blob whole", async () => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    const { digest } = publishModel(registry, randomBytes(500_000));
    const name = ModelName.parse(`${registry.host}/library/m`);
    await using client = createRegistryClient({ store: temporary.store, retry: { baseMs: 1 } });
    await outcome(client.pull(name, { insecure: true }));
    registry.blobs.clear();
    registry.intercept = (request, response) => {
      if (request.method !== "PATCH") return false;
      request.resume();
      response.writeHead(405).end();
      return true;
    };
    expect((await outcome(client.push(name, { insecure: true }))).error).toBeUndefined();
    expect(registry.blobs.has(digest)).toBe(true);
  });
});
