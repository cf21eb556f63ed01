import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { type AddressOptions, checkAddress } from "../src/doctor/check-address.ts";
import { describeProbe } from "../src/doctor/check-engine.ts";
import { checkHome, checkKeys } from "../src/doctor/check-home.ts";
import { checkMemory, checkNode } from "../src/doctor/check-machine.ts";
import { checkModelsFolder } from "../src/doctor/check-models-folder.ts";
import { examine } from "../src/doctor/examine.ts";
import { printFindings } from "../src/doctor/print-findings.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "puna-doctor-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const config = '{"model_format":"gguf"}';
const configDigest = "sha256:1b8d8fdf6aef9c3e3a41f15e3bcc2a1a5a37b2a8a1a9a0f6b4c53a9a5be0a000";

describe("the models folder", () => {
  const check = (folder: string, verify = false) => checkModelsFolder(folder, { verify });

  it("may be missing, and is not made", async () => {
    const folder = join(dir, "not", "there");
    const [models, space] = await check(folder);
    expect(models).toMatchObject({ check: "models", status: "ok", facts: { models: 0 } });
    expect(space?.check).toBe("space");
    expect(existsSync(join(dir, "not"))).toBe(false);
  });

  it("is a problem where it cannot be a folder", async () => {
    writeFileSync(join(dir, "file"), "");
    for (const folder of [join(dir, "file"), join(dir, "file", "models")]) {
      const [models] = await check(folder);
      expect(models).toMatchObject({ status: "problem", advice: expect.stringContaining("OLLAMA_MODELS") });
    }
  });

  it("has its manifests read, and those that cannot be are named", async () => {
    const folder = join(dir, "manifests/registry.ollama.ai/library/broken");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "latest"), "{");
    const [models] = await check(dir);
    expect(models).toMatchObject({ status: "problem", summary: expect.stringContaining("broken/latest") });
  });

  it("has its files compared with their checksums when asked", async () => {
    mkdirSync(join(dir, "blobs"));
    writeFileSync(join(dir, "blobs", configDigest.replace(":", "-")), config);
    const folder = join(dir, "manifests/registry.ollama.ai/library/tiny");
    mkdirSync(folder, { recursive: true });
    const descriptor = {
      mediaType: "application/vnd.docker.container.image.v1+json",
      digest: configDigest,
      size: 23,
    };
    writeFileSync(
      join(folder, "latest"),
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.docker.distribution.manifest.v2+json",
        config: descriptor,
        layers: [],
      }),
    );
    expect((await check(dir)).map(({ check: name, status }) => [name, status])).toContainEqual([
      "models",
      "ok",
    ]);
    const checksums = (await check(dir, true)).find((finding) => finding.check === "checksums");
    expect(checksums).toMatchObject({
      status: "problem",
      advice: expect.stringContaining("puna pull tiny"),
      facts: { corrupt: [configDigest] },
    });
  });
});

describe("the address", () => {
  let servers: { close(callback?: (error?: Error) => void): unknown }[] = [];
  afterEach(() => {
    for (const server of servers) server.close();
    servers = [];
  });

  const listen = async (answer: (path: string) => { status: number; body: string }) => {
    const server = createServer((request, response) => {
      const { status, body } = answer(request.url ?? "");
      response.writeHead(status, { connection: "close" }).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server's address is never a string.
    return (server.address() as AddressInfo).port;
  };
  const check = (port: number, hostname = "127.0.0.1", options: Partial<AddressOptions> = {}) =>
    checkAddress({
      host: { scheme: "http", hostname, port },
      allowUnauthenticated: false,
      hasKeys: false,
      version: "1.2.3",
      ...options,
    });

  it.each([
    ["puna of this release", { version: "0.35.0", puna: "1.2.3" }, "ok", "puna"],
    ["puna of another release", { version: "0.35.0", puna: "1.0.0" }, "note", "puna"],
    ["Ollama", { version: "0.35.0" }, "note", "ollama"],
    ["something else", { hello: "world" }, "problem", "other"],
  ])("is told apart when %s answers", async (_, body, status, answers) => {
    const port = await listen(() => ({ status: 200, body: JSON.stringify(body) }));
    expect(await check(port)).toMatchObject({ status, facts: { answers } });
  });

  it("is a problem when what listens speaks another language", async () => {
    const server = createTcpServer((socket) => socket.end("220 mail.example ESMTP\r\n"));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // As above.
    const { port } = server.address() as AddressInfo;
    expect(await check(port)).toMatchObject({ status: "problem", facts: { answers: "other" } });
  });

  it("is free when nobody listens, and stays free", async () => {
    const port = await listen(() => ({ status: 200, body: "" }));
    await new Promise((resolve) => servers[0]?.close(resolve));
    expect(await check(port)).toMatchObject({ status: "ok", facts: { answers: "nobody" } });
    expect(await check(port)).toMatchObject({ status: "ok" });
  });

  it("is asked with the key of PUNA_API_KEY, and a refusal is told apart", async () => {
    // A server may tell its version to everybody, or nothing at all.
    let open = "";
    const server = createServer((request, response) => {
      const knows = request.headers.authorization === "Bearer right" || request.url === open;
      response
        .writeHead(knows ? 200 : 401, { "x-request-id": "1", connection: "close" })
        .end(JSON.stringify(knows ? { version: "0.35.0", puna: "1.2.3" } : { error: "a key, please" }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // As above.
    const { port } = server.address() as AddressInfo;
    const tried = { right: "ok", wrong: "problem" } as const;
    for (const path of ["/api/version", "nothing"]) {
      open = path;
      for (const [apiKey, status] of Object.entries(tried))
        expect(await check(port, "127.0.0.1", { apiKey })).toMatchObject({
          status,
          facts: { answers: "puna" },
        });
      expect(await check(port)).toMatchObject({
        status: "problem",
        summary: expect.stringContaining("only to those who have a key"),
      });
    }
  });

  it("is a problem when others could reach it and nobody said that they may", async () => {
    const port = await listen(() => ({ status: 200, body: "" }));
    await new Promise((resolve) => servers[0]?.close(resolve));
    expect(await check(port, "0.0.0.0")).toMatchObject({
      status: "problem",
      advice: expect.stringContaining("PUNA_ALLOW_UNAUTHENTICATED"),
    });
    expect(await check(port, "0.0.0.0", { allowUnauthenticated: true })).toMatchObject({ status: "ok" });
    expect(await check(port, "0.0.0.0", { hasKeys: true })).toMatchObject({ status: "ok" });
  });
});

describe("the home", () => {
  it("may be missing, and is a problem where nothing can be written", async () => {
    expect(await checkHome(join(dir, "home"))).toMatchObject({ check: "home", status: "ok" });
    expect(existsSync(join(dir, "home"))).toBe(false);
    writeFileSync(join(dir, "file"), "");
    expect(await checkHome(join(dir, "file"))).toMatchObject({
      status: "problem",
      advice: expect.stringContaining("PUNA_HOME"),
    });
  });

  it("tells of the API keys there, and of a file of keys that nobody can read", () => {
    expect(checkKeys(dir)).toBeUndefined();
    const key = { name: "laptop", sha256: "0".repeat(64), scopes: ["infer"] };
    writeFileSync(join(dir, "keys.json"), JSON.stringify({ keys: [key] }));
    expect(checkKeys(dir)).toMatchObject({ count: 1, finding: { check: "keys", status: "ok" } });
    writeFileSync(join(dir, "keys.json"), "{");
    expect(checkKeys(dir)).toMatchObject({ count: 0, finding: { check: "keys", status: "problem" } });
  });
});

describe("the engine", () => {
  const library = { folder: "/lib/linux-x64", isLoaded: true, hasGpu: false };
  const cpu = { name: "CPU", kind: "cpu", freeBytes: 2 ** 30, totalBytes: 2 ** 31 } as const;
  const probe = { driver: "llama/native", version: "0.5.0", devices: [cpu], libraries: [library] } as const;

  it("names driver, reason and devices", () => {
    expect(describeProbe(probe, "auto")).toMatchObject({
      status: "ok",
      summary: "driver llama/native, llama.cpp 0.5.0 from /lib/linux-x64; CPU (cpu, 1.0 GiB of 2.0 GiB free)",
    });
  });

  it("notes a driver that is not the first choice, and a GPU library that is not used", () => {
    const fallback = {
      ...probe,
      driver: "llama/portable",
      fallbackReason: "wrong layout",
      devices: [],
    } as const;
    expect(describeProbe(fallback, "auto")).toMatchObject({
      status: "note",
      facts: { reason: "wrong layout" },
    });
    const { summary } = describeProbe({ ...probe, ownMatmul: "/matmul/linux-x64.so" }, "auto");
    expect(summary).toContain("with matrix products of puna's own");
    expect(describeProbe(fallback, "native")).toMatchObject({ status: "problem" });
    expect(describeProbe(probe, "portable")).toMatchObject({
      status: "note",
      facts: { driver: "llama/portable", reason: "PUNA_DRIVER asks for it" },
    });
    const cuda = { folder: "/lib/linux-x64-cuda", isLoaded: false, hasGpu: true };
    expect(describeProbe({ ...probe, libraries: [cuda, library] }, "auto")).toMatchObject({ status: "note" });
  });

  it("is a problem without any library", () => {
    expect(describeProbe({ ...probe, libraries: [] }, "auto")).toMatchObject({ status: "problem" });
  });
});

describe("the machine", () => {
  it.each([
    ["v22.18.0", "problem"],
    ["v22.19.0", "ok"],
    ["v24.1.0", "ok"],
    ["v20.19.0", "problem"],
  ])("with Node %s is %s", (version, status) => {
    expect(checkNode(version, "linux", "x64").status).toBe(status);
  });

  it("with little memory left is a note", () => {
    expect(checkMemory({ total: 8e9, available: 1e9 }).status).toBe("note");
    expect(checkMemory({ total: 8e9, available: 4e9 }).status).toBe("ok");
  });
});

it("examines this machine without a server, and without native code in this process", async () => {
  const env = { PATH: process.env["PATH"], HOME: dir, OLLAMA_HOST: "127.0.0.1:1" };
  const findings = await examine(readConfig(env), { version: "1.2.3", verify: false });
  expect(findings.map(({ check }) => check)).toEqual([
    "node",
    "memory",
    "engine",
    "models",
    "space",
    "home",
    "address",
  ]);
  const engine = findings.find(({ check }) => check === "engine");
  expect(engine).toMatchObject({ status: "ok", facts: { driver: "llama/native" } });
  if (process.platform === "linux")
    expect(readFileSync("/proc/self/maps", "utf8")).not.toMatch(/libllama|libggml|koffi/);
});

it("prints one line a finding, advice below it, and colours only when asked", () => {
  const findings = [
    { check: "node", status: "ok", summary: "Node.js v24", facts: {} },
    { check: "address", status: "problem", summary: "taken", advice: "free it", facts: {} },
  ] as const;
  expect(printFindings(findings, { colors: false })).toBe(
    "ok    node     Node.js v24\nFAIL  address  taken\n               free it\n\n1 thing needs your care\n",
  );
  expect(printFindings(findings, { colors: true })).toContain("\u001b[31mFAIL\u001b[39m");
});

it("goes on below itself where the terminal is narrow, and shows the home as ~", () => {
  const summary = "12 models in /home/ada/.ollama/models, 40 files";
  expect(
    printFindings([{ check: "models", status: "ok", summary, facts: {} }], {
      colors: false,
      columns: 36,
      userHome: "/home/ada",
    }),
  ).toBe(
    "ok    models  12 models in\n              ~/.ollama/models, 40\n              files\n\npuna can run models here\n",
  );
});
