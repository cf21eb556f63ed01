import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { messageOf, outcome } from "./support.ts";

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for `localhost` that nobody trusts by itself. */
function makeCertificate(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), "puna-tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const run = spawnSync("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      cert,
      ...subject,
    ]);
    return run.status === 0
      ? { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") }
      : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

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

const certificate = makeCertificate();
if (certificate === undefined)
  console.log("skipped: openssl is not installed, so no certificate can be made");

describe.skipIf(certificate === undefined)("TLS", () => {
  test("a certificate of an own authority is trusted when it is configured, and only then", async () => {
    if (certificate === undefined) throw new Error("skipped above");
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    publishModel(registry, randomBytes(2_000_000));
    const server = createTlsServer(certificate, (request, response) => {
      void forward(request, response, `http://${registry.host}${request.url}`);
    });
    const name = ModelName.parse(`localhost:${await listen(server)}/library/m`);
    const resolve = async () => ["127.0.0.1"];
    try {
      await using stranger = createRegistryClient({
        store: temporary.store,
        resolve,
        retry: { attempts: 1 },
      });
      const refused = await outcome(stranger.pull(name));
      expect(refused.error).toMatchObject({ code: "UNREACHABLE" });
      expect(messageOf(refused.error)).toMatch(/self-signed certificate/);
      await using friend = createRegistryClient({
        store: temporary.store,
        resolve,
        certificateAuthority: certificate.cert,
      });
      expect((await outcome(friend.pull(name))).error).toBeUndefined();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("proxies", () => {
  test("a registry is reached through the proxy that is configured for it", async () => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    publishModel(registry, randomBytes(2_000_000));
    const asked: string[] = [];
    const proxy = createHttpServer((request, response) => {
      const url = new URL(request.url ?? "");
      asked.push(url.host);
      void forward(request, response, `http://${registry.host}${url.pathname}`);
    });
    const port = await listen(proxy);
    try {
      await using client = createRegistryClient({
        store: temporary.store,
        proxy: { http: `http://127.0.0.1:${port}` },
      });
      const { error } = await outcome(
        client.pull(ModelName.parse("registry.test/library/m"), { insecure: true }),
      );
      expect(error).toBeUndefined();
      expect(new Set(asked)).toEqual(new Set(["registry.test"]));
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
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
