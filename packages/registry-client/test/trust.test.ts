import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { createRegistryClient, dockerCredentials, type RegistryClientOptions } from "../src/index.ts";
import { publishModel, sendBlob, startLoopbackRegistry } from "../src/testing/index.ts";
import { messageOf, outcome, serve } from "./support.ts";

const weights = randomBytes(300_000);

async function pullFrom(
  intercept: (request: IncomingMessage, response: ServerResponse, host: string) => boolean,
  options: Partial<RegistryClientOptions> = {},
) {
  await using registry = await startLoopbackRegistry();
  await using temporary = await openTemporaryStore();
  publishModel(registry, weights);
  registry.intercept = (request, response) => intercept(request, response, registry.host);
  await using client = createRegistryClient({
    store: temporary.store,
    retry: { baseMs: 1, maxMs: 2 },
    stallMs: 500,
    ...options,
  });
  const name = ModelName.parse(`${registry.host}/library/m`);
  return { ...(await outcome(client.pull(name, { insecure: true }))), seen: registry.seen };
}

const isBlobGet = (request: IncomingMessage) =>
  request.method === "GET" && request.url?.includes("/blobs/") === true;

describe("redirects", () => {
  test.each([301, 302, 303, 307, 308])(
    "%i to another host is followed, and no credential goes along",
    async (status) => {
      const received: IncomingMessage["headers"][] = [];
      await using cdn = await serve((request, response) => {
        received.push(request.headers);
        const digest = request.url?.slice(1) ?? "";
        sendBlob(request, response, blobs.get(digest));
      });
      const blobs = new Map<string, Uint8Array>();
      publishModel({ blobs, manifests: new Map() }, weights);
      const { error } = await pullFrom(
        (request, response, host) => {
          if (request.headers.authorization === undefined) {
            response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
            return true;
          }
          if (!isBlobGet(request)) return false;
          expect(host).not.toBe("");
          response
            .writeHead(status, { location: `http://localhost:${cdn.port}/${request.url?.split("/").at(-1)}` })
            .end();
          return true;
        },
        { credentials: async () => ({ username: "user", password: "secret" }) },
      );
      expect(error).toBeUndefined();
      expect(received.length).toBeGreaterThan(0);
      expect(received.every(({ authorization }) => authorization === undefined)).toBe(true);
    },
  );

  test("loops end after ten hops", async () => {
    const { error, seen } = await pullFrom((request, response) => {
      if (!isBlobGet(request)) return false;
      response.writeHead(307, { location: request.url }).end();
      return true;
    });
    expect(messageOf(error)).toMatch(/redirects in a loop/);
    expect(seen.filter(({ method, path }) => method === "GET" && path.includes("/blobs/")).length).toBe(11);
  });

  test.each(["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"])(
    "to %s is refused",
    async (location) => {
      const { error } = await pullFrom((request, response) => {
        if (!isBlobGet(request)) return false;
        response.writeHead(307, { location }).end();
        return true;
      });
      expect(error).toMatchObject({ code: "REDIRECT_REFUSED" });
    },
  );
});

/** A connector that opens nothing. */
function recordAndRefuse(attempts: string[]): NonNullable<RegistryClientOptions["connector"]> {
  return (target, callback) => {
    attempts.push(target.hostname);
    callback(new Error("refused by the test"), null);
  };
}

test("what a registry says about a refusal cannot steer the terminal that shows it", async () => {
  const { error } = await pullFrom((_request, response) => {
    response.writeHead(400).end("no\u001b]0;owned\u0007 \u009b31mway\n");
    return true;
  });
  expect(error).toMatchObject({ code: "REFUSED_BY_REGISTRY" });
  expect(messageOf(error)).toMatch(/no\]0;owned 31mway$/);
});

describe("connections that fail under TLS", () => {
  test.each([
    ["ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC", 3],
    ["ERR_SSL_UNEXPECTED_EOF_WHILE_READING", 3],
    ["ERR_SSL_WRONG_VERSION_NUMBER", 1],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", 1],
  ])("%s: %i tries", async (code, tries) => {
    let attempts = 0;
    await using temporary = await openTemporaryStore();
    await using client = createRegistryClient({
      store: temporary.store,
      connector: (_target, callback) => {
        attempts += 1;
        callback(Object.assign(new Error("no"), { code }), null);
      },
      retry: { attempts: 3, baseMs: 1 },
    });
    const { error } = await outcome(client.pull(ModelName.parse("8.8.8.8/library/m")));
    expect(error).toMatchObject({ code: "UNREACHABLE" });
    expect(attempts).toBe(tries);
  });
});

describe("where a pull may connect to", () => {
  test.each([
    ["169.254.169.254", {}, false],
    ["10.0.0.1:5000", {}, false],
    ["192.168.1.5", {}, false],
    ["100.64.0.1", {}, false],
    ["metadata.test", { "metadata.test": ["169.254.169.254"] }, false],
    ["inner.test", { "inner.test": ["172.16.0.9"] }, false],
    ["mixed.test", { "mixed.test": ["93.184.216.34", "10.0.0.1"] }, false],
    ["pretender.test", { "pretender.test": ["127.0.0.1"] }, false],
    ["public.test", { "public.test": ["93.184.216.34"] }, true],
    ["8.8.8.8", {}, true],
    ["127.0.0.1:1", {}, true],
    ["localhost:1", { localhost: ["127.0.0.1"] }, true],
  ] as const)("registry %s", async (host, names: Readonly<Record<string, readonly string[]>>, allowed) => {
    const attempts: string[] = [];
    await using temporary = await openTemporaryStore();
    await using client = createRegistryClient({
      store: temporary.store,
      connector: recordAndRefuse(attempts),
      resolve: async (name) => names[name] ?? [],
      retry: { attempts: 1 },
    });
    const { error } = await outcome(client.pull(ModelName.parse(`${host}/library/m`), { insecure: true }));
    expect(error).toBeDefined();
    expect(attempts.length > 0).toBe(allowed);
    if (!allowed) expect(error).toMatchObject({ code: "TARGET_REFUSED" });
  });

  test("hosts of the user's own configuration may be private", async () => {
    const attempts: string[] = [];
    await using temporary = await openTemporaryStore();
    await using client = createRegistryClient({
      store: temporary.store,
      connector: recordAndRefuse(attempts),
      policy: { trustedHosts: ["10.0.0.1"] },
      retry: { attempts: 1 },
    });
    await outcome(client.pull(ModelName.parse("10.0.0.1:5000/library/m"), { insecure: true }));
    expect(attempts).toEqual(["10.0.0.1"]);
  });

  test("plain HTTP only when asked", async () => {
    await using temporary = await openTemporaryStore();
    await using client = createRegistryClient({ store: temporary.store });
    const { error } = await outcome(client.pull(ModelName.parse("http://127.0.0.1:1/library/m")));
    expect(messageOf(error)).toBe("insecure protocol http");
  });
});

describe("redirects of a reachable registry", () => {
  test.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://10.0.0.1/",
    "http://192.168.1.1/admin",
    "http://0.0.0.0:11434/",
    "http://2852039166/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://metadata.test/",
    "http://rebinding.test/",
  ])("CVE-2026-5530, CVE-2026-33990: to %s is refused before a connection", async (location) => {
    const { error } = await pullFrom(
      (request, response) => {
        if (!isBlobGet(request)) return false;
        response.writeHead(307, { location }).end();
        return true;
      },
      {
        resolve: async (name) =>
          name === "rebinding.test" ? ["93.184.216.34", "10.1.2.3"] : ["169.254.169.254"],
      },
    );
    expect(error).toMatchObject({ code: "TARGET_REFUSED" });
  });
});

describe("hostile manifests", () => {
  const good = `sha256:${"a".repeat(64)}`;
  test.each([
    ["CVE-2024-37032", { digest: "sha256:../../../../victim", size: 4 }],
    ["CVE-2024-37032", { digest: "../../victim", size: 4 }],
    ["CVE-2024-37032", { digest: `sha256:${"A".repeat(64)}`, size: 4 }],
    ["CVE-2026-7020", { digest: "sha256:..%2f..%2fvictim", size: 4 }],
    ["CVE-2026-7020", { digest: `sha512:${"a".repeat(128)}`, size: 4 }],
    ["CVE-2025-1975", { digest: good, size: -1 }],
    ["CVE-2025-1975", { digest: good, size: "4" }],
    ["CVE-2025-1975", null],
    ["CVE-2025-44779", { digest: "", size: 0 }],
  ])("%s: a pull refuses the layer %o, and no file outside the store is touched", async (_id, layer) => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    const victim = join(temporary.home, "victim");
    await writeFile(victim, "keep");
    const { manifest } = publishModel(registry, weights);
    await using client = createRegistryClient({ store: temporary.store });
    const name = ModelName.parse(`${registry.host}/library/m`);
    expect((await outcome(client.pull(name, { insecure: true }))).error).toBeUndefined();
    const [key = ""] = registry.manifests.keys();
    const hostile = {
      ...manifest,
      layers: [...manifest.layers, layer === null ? null : { mediaType: "x", ...layer }],
    };
    registry.manifests.set(key, {
      bytes: Buffer.from(JSON.stringify(hostile)),
      mediaType: manifest.mediaType,
    });
    registry.seen.length = 0;
    const { error } = await outcome(client.pull(name, { insecure: true }));
    expect(error).toMatchObject({ code: "MANIFEST_INVALID" });
    expect(registry.seen.length).toBe(1);
    expect(await readFile(victim, "utf8")).toBe("keep");
    // What was pulled before is whole.
    expect((await temporary.store.verify()).damagedModels).toEqual([]);
    expect((await temporary.store.manifests.list()).length).toBe(1);
  });
});

describe("credentials", () => {
  const challenge = (realm: string) =>
    `Bearer realm="${realm}",service="s",scope="repository:library/m:pull"`;

  test("CVE-2025-51471: a realm on another host gets neither signature nor password", async () => {
    const received: string[] = [];
    await using thief = await serve((request, response) => {
      received.push(request.url ?? "");
      response.end('{"token":"t"}');
    });
    let signed = 0;
    for (const credentials of [undefined, { username: "u", password: "p" }]) {
      const { error } = await pullFrom(
        (_request, response) => {
          response
            .writeHead(401, { "www-authenticate": challenge(`http://127.0.0.1:${thief.port}/token`) })
            .end();
          return true;
        },
        {
          identity: async () => ({ publicKey: "k", sign: () => String(++signed) }),
          credentials: async () => credentials,
        },
      );
      expect(messageOf(error)).toMatch(
        /realm host "127\.0\.0\.1:\d+" does not match original host "127\.0\.0\.1:\d+"/,
      );
    }
    expect(received).toEqual([]);
    expect(signed).toBe(0);
  });

  test("Bearer with a stored password: the token service gets it, the registry only the token", async () => {
    const authorizations = new Set<string>();
    const { error } = await pullFrom(
      (request, response, host) => {
        const { authorization = "" } = request.headers;
        authorizations.add(`${request.url?.startsWith("/token") ? "token" : "registry"} ${authorization}`);
        if (request.url?.startsWith("/token") === true) {
          response.end('{"access_token":"abc"}');
          return true;
        }
        if (authorization === "Bearer abc") return false;
        response.writeHead(401, { "www-authenticate": challenge(`http://${host}/token`) }).end();
        return true;
      },
      { credentials: async () => ({ username: "user", password: "pa:ss" }) },
    );
    expect(error).toBeUndefined();
    expect([...authorizations]).toEqual([
      "registry ",
      `token Basic ${Buffer.from("user:pa:ss").toString("base64")}`,
      "registry Bearer abc",
    ]);
  });

  test("docker login: auths, and a helper before them", async () => {
    await using temporary = await openTemporaryStore();
    const folder = join(temporary.home, "bin");
    await mkdir(folder);
    const helper = join(folder, "docker-credential-fake");
    await writeFile(
      helper,
      '#!/bin/sh\nread host\n[ "$host" = helped.test ] || { echo "credentials not found in native keychain"; exit 1; }\necho "{\\"Username\\":\\"h\\",\\"Secret\\":\\"s\\"}"\n',
    );
    await chmod(helper, 0o755);
    const file = join(temporary.home, "config.json");
    const auth = Buffer.from("user:password").toString("base64");
    await writeFile(
      file,
      JSON.stringify({
        auths: { "https://plain.test/v1/": { auth }, "https://index.docker.io/v1/": { auth } },
        credHelpers: { "helped.test": "fake", "odd.test": "../x" },
      }),
    );
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder}:${path}`;
    try {
      const find = dockerCredentials(file);
      const { signal } = new AbortController();
      expect(await find("plain.test", signal)).toEqual({ username: "user", password: "password" });
      expect(await find("registry-1.docker.io", signal)).toEqual({ username: "user", password: "password" });
      expect(await find("helped.test", signal)).toEqual({ username: "h", password: "s" });
      expect(await find("unknown.test", signal)).toBeUndefined();
      await expect(find("odd.test", signal)).rejects.toMatchObject({ code: "CREDENTIALS_FAILED" });
      expect(await dockerCredentials("/nowhere")("plain.test", signal)).toBeUndefined();
    } finally {
      process.env["PATH"] = path;
    }
  });

  test("no error text holds a token, a password or a signed link", async () => {
    const { error } = await pullFrom(
      (request, response, host) => {
        if (request.headers.authorization === undefined) {
          response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
          return true;
        }
        if (!isBlobGet(request)) return false;
        response.writeHead(307, { location: `http://${host}/gone?signature=topsecret` }).end();
        return true;
      },
      {
        credentials: async () => ({ username: "user", password: "hunter2" }),
        retry: { attempts: 2, baseMs: 1 },
      },
    );
    const text = `${messageOf(error)} ${JSON.stringify(error)}`;
    expect(text).not.toMatch(/topsecret|hunter2|Basic [A-Za-z0-9]/);
  });
});
