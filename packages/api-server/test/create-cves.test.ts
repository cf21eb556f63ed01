import { createHash } from "node:crypto";
import { encodeGguf, type GgufWriteEntry } from "@puna/model-format/gguf";
import type { ListResponse } from "@puna/protocol";
import { describe, expect, it } from "vitest";
import { openTestServer, type TestServer } from "./support/test-server.ts";

const entries: readonly GgufWriteEntry[] = [
  { key: "general.architecture", type: "string", value: "llama" },
  { key: "llama.context_length", type: "uint32", value: 4096 },
  { key: "llama.embedding_length", type: "uint32", value: 8 },
  { key: "llama.block_count", type: "uint32", value: 1 },
];
const tensor = { name: "token_embd.weight", type: "F32", shape: [8, 4], data: new Uint8Array(128) };

/** A sound file with some entries changed or added. */
function gguf(...changes: readonly GgufWriteEntry[]): Uint8Array {
  const keys = new Set(changes.map(({ key }) => key));
  const kept = entries.filter(({ key }) => !keys.has(key));
  return encodeGguf({ entries: [...kept, ...changes], tensors: [tensor] });
}

/** A head that promises counts, and then ends. */
function head(tensors: bigint, values: bigint, rest: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = Buffer.alloc(24);
  bytes.write("GGUF");
  bytes.writeUInt32LE(3, 4);
  bytes.writeBigUInt64LE(tensors, 8);
  bytes.writeBigUInt64LE(values, 16);
  return Buffer.concat([bytes, rest]);
}

/** One key whose text claims this length. */
function longText(length: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(length);
  return bytes;
}

const alignment = (value: number): GgufWriteEntry => ({ key: "general.alignment", type: "uint32", value });
const sound = gguf();

const hostile: readonly (readonly [string, Uint8Array])[] = [
  ["CVE-2024-39720: four bytes", new TextEncoder().encode("GGUF")],
  ["CVE-2024-39720: half a head", sound.subarray(0, 20)],
  ["CVE-2024-8063: no blocks", gguf({ key: "llama.block_count", type: "uint32", value: 0 })],
  ["CVE-2024-12055: a key longer than the file", head(0n, 1n, longText(1_000_000n))],
  [
    "CVE-2025-0312: an architecture of another type",
    gguf({ key: "general.architecture", type: "uint32", value: 1 }),
  ],
  ["CVE-2025-0315: values without end", head(0n, 2n ** 63n)],
  ["CVE-2025-0315: tensors without end", head(2n ** 63n, 0n)],
  ["CVE-2025-66959: a text of 2^63 bytes", head(0n, 1n, longText(2n ** 63n))],
  ["CVE-2026-7482: a tensor beyond the end of the file", sound.subarray(0, sound.length - 64)],
];

describe("create", () => {
  it.each(hostile)("%s is refused, and nothing is listed or can be pushed", async (_what, bytes) => {
    await using test = await openTestServer();
    expect(await create(test, bytes)).toMatch(/"error":"/);
    expect(await names(test)).toEqual(["m:latest"]);
    expect((await test.server.request("/api/version")).status).toBe(200);
  });

  it("CVE-2025-0317: an alignment of 0 divides nothing", async () => {
    await using test = await openTestServer();
    // The writer would refuse it: the value is put in afterwards.
    const bytes = Buffer.from(gguf(alignment(32)));
    const at = bytes.indexOf("general.alignment") + "general.alignment".length + 4;
    bytes.writeUInt32LE(0, at);
    expect(await create(test, bytes)).toMatch(/"error":"/);
    expect(await names(test)).toEqual(["m:latest"]);
  });

  it.each(["../../etc/passwd", "/etc/passwd", "../nothing-there", "/nothing/there"])(
    "CVE-2024-37032, CVE-2024-39719, CVE-2024-39722: of FROM %s nothing is told, not even whether it exists",
    async (from) => {
      await using test = await openTestServer();
      const answers: string[] = [];
      for (const path of [from, "/nothing/there/at/all"]) {
        const response = await test.post("/api/create", { model: "x", from: path, stream: false });
        answers.push(`${response.status} ${(await response.text()).replaceAll(path, "<path>")}`);
      }
      expect(answers[0]).toBe(answers[1]);
      expect(answers[0]).not.toMatch(/^200/);
    },
  );

  it.each([
    "sha256:../../etc/passwd",
    "sha256:..%2f..%2fx",
    "md5:00",
    `sha256-${"A".repeat(64)}`,
    "sha256:short",
  ])("CVE-2024-37032, CVE-2026-7020: the digest %s reaches no file", async (digest) => {
    await using test = await openTestServer();
    const response = await test.post("/api/create", {
      model: "x",
      files: { "x.gguf": digest },
      stream: false,
    });
    expect(response.status).not.toBe(200);
    expect(await names(test)).toEqual(["m:latest"]);
  });
});

describe("CVE-2025-63389: without a key", () => {
  it.each([
    ["POST", "/api/pull", { model: "x" }],
    ["POST", "/api/push", { model: "m" }],
    ["POST", "/api/create", { model: "x", from: "m" }],
    ["POST", "/api/copy", { source: "m", destination: "x" }],
    ["DELETE", "/api/delete", { model: "m" }],
    ["POST", "/api/puna/store/prune", {}],
    ["POST", "/api/puna/store/verify", { repair: true }],
  ] as const)("%s %s is refused where keys are asked for", async (method, path, body) => {
    const sha256 = createHash("sha256").update("secret").digest("hex");
    await using test = await openTestServer({}, { apiKeys: [{ name: "k", sha256, scopes: ["infer"] }] });
    const init = { method, body: JSON.stringify(body) };
    expect((await test.server.request(path, init)).status).toBe(401);
    const headers = { authorization: "Bearer secret" };
    expect((await test.server.request(path, { ...init, headers })).status).toBe(403);
  });
});

async function create(test: TestServer, bytes: Uint8Array): Promise<string> {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await test.server.request(`/api/blobs/${digest}`, { method: "POST", body: new Uint8Array(bytes) });
  const response = await test.post("/api/create", { model: "hostile", files: { "hostile.gguf": digest } });
  return await response.text();
}

async function names(test: TestServer): Promise<readonly string[]> {
  // The wire's own words, checked by the tests of that route.
  const { models } = (await (await test.server.request("/api/tags")).json()) as ListResponse;
  return models.map(({ name }) => name);
}
