import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { createRegistryClient } from "@puna/registry-client";
import { publishModel, startLoopbackRegistry } from "@puna/registry-client/testing";
import { generate } from "selfsigned";
import { describe, expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { registryOptions } from "../src/registry-options.ts";

/** Pulls with the options that an environment leads to; gives the error, if there was one. */
async function pull(host: string, env: Readonly<Record<string, string>>, insecure = true): Promise<unknown> {
  await using temporary = await openTemporaryStore();
  const config = readConfig({ HOME: temporary.home, ...env });
  await using client = createRegistryClient({
    store: temporary.store,
    ...registryOptions(config, "1.2.3"),
    retry: { attempts: 1 },
  });
  try {
    for await (const _event of client.pull(ModelName.parse(`${host}/library/m`), { insecure })) {
      // Only how it ends counts.
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port, so the address is an object.
  return (server.address() as AddressInfo).port;
}

describe("the environment decides about pulls", () => {
  it("PUNA_ALLOWED_REGISTRIES: no other registry is asked", async () => {
    await using registry = await startLoopbackRegistry();
    publishModel(registry, randomBytes(1000));
    const error = await pull(registry.host, { PUNA_ALLOWED_REGISTRIES: "registry.ollama.ai" });
    expect(error).toMatchObject({ code: "TARGET_REFUSED" });
    expect(registry.seen).toEqual([]);
    expect(await pull(registry.host, { PUNA_ALLOWED_REGISTRIES: "127.0.0.1" })).toBeUndefined();
    expect(registry.seen[0]?.headers["user-agent"]).toBe("puna/1.2.3");
  });

  it("PUNA_DOWNLOAD_LIMIT: bytes come at that pace", async () => {
    await using registry = await startLoopbackRegistry();
    publishModel(registry, randomBytes(1_000_000));
    const begun = Date.now();
    expect(await pull(registry.host, { PUNA_DOWNLOAD_LIMIT: "2M" })).toBeUndefined();
    expect(Date.now() - begun).toBeGreaterThan(400);
  });

  it("PUNA_CA_FILE and SSL_CERT_FILE: certificates of an own authority are trusted", async () => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    publishModel(registry, randomBytes(1000));
    const certificate = await generate([{ name: "commonName", value: "localhost" }], { keyType: "ec" });
    const answer: RequestListener = (request, response) => {
      void (async () => {
        const { method = "GET", url } = request;
        const answered = await fetch(`http://${registry.host}${url}`, { method });
        const length = answered.headers.get("content-length");
        response
          .writeHead(answered.status, length === null ? {} : { "content-length": length })
          .end(Buffer.from(await answered.arrayBuffer()));
      })();
    };
    const server = createTlsServer({ key: certificate.private, cert: certificate.cert }, answer);
    const host = `localhost:${await listen(server)}`;
    try {
      const file = join(temporary.home, "authority.pem");
      writeFileSync(file, certificate.cert);
      expect(await pull(host, {}, false)).toMatchObject({ code: "UNREACHABLE" });
      for (const name of ["PUNA_CA_FILE", "SSL_CERT_FILE"])
        expect(await pull(host, { [name]: file }, false)).toBeUndefined();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("a file of certificates that is not there ends the start", () => {
    const config = readConfig({ HOME: "/nowhere", PUNA_CA_FILE: "/nowhere/authority.pem" });
    expect(() => registryOptions(config, "1")).toThrow(/PUNA_CA_FILE or SSL_CERT_FILE\) cannot be read/);
  });

  it("PUNA_TRUSTED_REGISTRIES and HTTP_PROXY: where connections go", async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(404).end();
    });
    try {
      const env = { HTTP_PROXY: `http://127.0.0.1:${await listen(proxy)}` };
      expect(await pull("10.0.0.1", env)).toMatchObject({ code: "TARGET_REFUSED" });
      expect(asked).toEqual([]);
      await pull("10.0.0.1", { ...env, PUNA_TRUSTED_REGISTRIES: "10.0.0.1" });
      expect(new Set(asked)).toEqual(new Set(["http://10.0.0.1/v2/library/m/manifests/latest"]));
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});
