import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { serve } from "@hono/node-server";
import { describe, expect, it, vi } from "vitest";
import { createServer } from "../src/index.ts";
import { openTestServer } from "./support/test-server.ts";

/** Longer than any test may take: who sees its end has ended it. */
const slow = {
  answer: () => ({
    pieces: Array.from({ length: 5000 }, (_, index) => ({ text: `${index} `, delayMs: 20 })),
  }),
};

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 15_000, interval: 10 });

describe("createServer", () => {
  it("says which Ollama it behaves like and which puna it is", async () => {
    await using test = await openTestServer();
    const response = await test.server.request("/api/version");
    expect(await response.json()).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      puna: "1.2.3",
    });
    expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{24}$/);
  });

  it("names parameters that have no effect in a header", async () => {
    await using test = await openTestServer();
    const body = { model: "m", prompt: "hi", stream: false, nonsense: 1, options: { bogus: 2 } };
    const response = await test.post("/api/generate", body);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-puna-warnings")).toContain('unknown parameter "nonsense"');
    expect(response.headers.get("x-puna-warnings")).toContain('unknown option "bogus"');
  });

  it("answers below a prefix", async () => {
    await using test = await openTestServer({}, { prefix: "/ai" });
    expect((await test.server.request("/ai/api/version")).status).toBe(200);
    expect((await test.server.request("/ai/api/tags/")).headers.get("location")).toBe("/ai/api/tags");
  });

  it("refuses to be reached by others without keys, unless told so", () => {
    const options = { version: "1", bind: { address: "0.0.0.0" } } as const;
    // Nothing but the address is looked at before this error.
    const create = (more: object) => () => createServer({ ...options, ...more } as never);
    expect(create({})).toThrow(/can be reached by others/);
  });

  it("asks for a key on everything but open routes", async () => {
    const sha256 = createHash("sha256").update("secret").digest("hex");
    await using test = await openTestServer({}, { apiKeys: [{ name: "k", sha256, scopes: ["infer"] }] });
    expect((await test.server.request("/api/version")).status).toBe(200);
    expect((await test.server.request("/api/tags")).status).toBe(401);
    const headers = { authorization: "Bearer secret" };
    expect((await test.server.request("/api/tags", { headers })).status).toBe(200);
    expect((await test.post("/api/copy", { source: "m", destination: "n" }, { headers })).status).toBe(403);
  });

  it("refuses bodies larger than it was told to take", async () => {
    await using test = await openTestServer({}, { maxBodyBytes: 1000 });
    const response = await test.post("/api/generate", { model: "m", prompt: "x".repeat(2000) });
    expect(response.status).toBe(413);
  });

  it("unpacks zstd bodies, up to a limit", async () => {
    await using test = await openTestServer();
    const send = (text: string) =>
      test.server.request("/v1/responses", {
        method: "POST",
        headers: { "Content-Encoding": "zstd" },
        body: new Uint8Array(zstdCompressSync(text)),
      });
    expect((await send(JSON.stringify({ model: "m", input: "hi" }))).status).toBe(200);
    expect((await send(" ".repeat(21 * 1024 * 1024))).status).toBe(413);
    const broken = await test.server.request("/v1/responses", {
      method: "POST",
      headers: { "Content-Encoding": "zstd" },
      body: "{}",
    });
    expect(broken.status).toBe(400);
  });

  it("moves models in and out as one file", async () => {
    await using test = await openTestServer();
    const exported = await test.server.request("/api/puna/store/export?model=m");
    const archive = new Uint8Array(await exported.arrayBuffer());
    const path = "/api/puna/store/import";
    const imported = await test.server.request(`${path}?model=copy`, { method: "POST", body: archive });
    expect(await imported.text()).toMatch(/"imported copy:latest"[\s\S]*"success"/);
    expect((await test.post("/api/show", { model: "copy" })).status).toBe(200);
    const refused = await test.server.request(path, { method: "POST", body: "no archive" });
    expect(await refused.text()).toMatch(/"error"/);
    expect((await test.server.request("/api/puna/store/export?model=none")).status).toBe(404);
  });

  it("removes the layers of a model that it replaces", async () => {
    await using test = await openTestServer();
    const make = async (system: string) => {
      await test.post("/api/create", { model: "x", from: "m", system, stream: false });
      const digest = createHash("sha256").update(system).digest("hex");
      return () => test.server.request(`/api/blobs/sha256:${digest}`, { method: "HEAD" });
    };
    const first = await make("one");
    expect((await first()).status).toBe(200);
    const second = await make("two");
    expect((await first()).status).toBe(404);
    expect((await second()).status).toBe(200);
    expect((await test.post("/api/show", { model: "m" })).status).toBe(200);
  });

  it("lists keys without telling them", async () => {
    const sha256 = createHash("sha256").update("secret").digest("hex");
    await using test = await openTestServer({}, { apiKeys: [{ name: "k", sha256, scopes: ["admin"] }] });
    const headers = { authorization: "Bearer secret" };
    const text = await (await test.server.request("/api/puna/keys", { headers })).text();
    expect(text).toContain('"name":"k"');
    expect(text).not.toContain(sha256);
    expect((await test.server.request("/api/puna/keys")).status).toBe(401);
  });

  it("adds and removes keys, told once and kept as hashes", async () => {
    const saved: unknown[] = [];
    await using test = await openTestServer(
      {},
      {
        async saveApiKeys(records) {
          saved.push(records);
        },
      },
    );
    const path = "/api/puna/keys";
    expect((await test.post(path, { name: "a", scopes: ["infer"] })).status).toBe(400);
    const made = await test.post(path, { name: "a", scopes: ["admin"] });
    const { key } = (await made.json()) as { key: string };
    expect(JSON.stringify(saved)).not.toContain(key);
    expect((await test.post(path, { name: "b", scopes: ["infer"] })).status).toBe(401);
    const headers = { authorization: `Bearer ${key}` };
    expect((await test.post(path, { name: "b", scopes: ["infer"] }, { headers })).status).toBe(200);
    const remove = (name: string) => test.server.request(`${path}/${name}`, { method: "DELETE", headers });
    expect((await remove("a")).status).toBe(400);
    expect((await remove("b")).status).toBe(200);
    expect((await remove("a")).status).toBe(200);
    expect((await test.server.request("/api/tags")).status).toBe(200);
  });

  it("lets running replies end, for a while, before it is disposed", async () => {
    await using short = await openTestServer(slow, { drainMs: 30 });
    const cut = await short.post("/api/generate", { model: "m", prompt: "hi" });
    const text = cut.text();
    await short.server[Symbol.asyncDispose]();
    expect(await text).not.toContain('"done":true');
    await using long = await openTestServer(slow, { drainMs: 20_000 });
    const whole = await long.post("/api/generate", {
      model: "m",
      prompt: "hi",
      options: { num_predict: 20 },
    });
    const [all] = await Promise.all([whole.text(), long.server[Symbol.asyncDispose]()]);
    expect(all).toContain('"done":true');
  });

  it("refuses new requests once it is disposed", async () => {
    await using test = await openTestServer();
    await test.server[Symbol.asyncDispose]();
    expect((await test.server.request("/api/version")).status).toBe(503);
  });

  it("tells about itself: health, readiness, metrics and all routes", async () => {
    await using test = await openTestServer();
    await test.post("/api/generate", { model: "m", prompt: "hi", stream: false });
    expect((await test.server.request("/health")).status).toBe(200);
    expect((await test.server.request("/ready")).status).toBe(200);
    const metrics = await (await test.server.request("/metrics")).text();
    expect(metrics).toMatch(/puna_http_requests_total\{route="\/api\/generate",status="200"\} 1/);
    expect(metrics).toMatch(/puna_models_loaded 1/);
    expect(metrics).toMatch(/puna_tokens_total\{kind="generated"\} 11/);
    const api: unknown = await (await test.server.request("/openapi.json")).json();
    const some = { "/api/chat": {}, "/v1/responses": {}, "/v1/messages": {}, "/v2/rerank": {} };
    expect(api).toMatchObject({ openapi: "3.1.0", paths: some });
  });

  it("stops the engine when the client goes", async () => {
    await using test = await openTestServer(slow);
    const response = await test.post("/api/generate", { model: "m", prompt: "hi" });
    const reader = response.body?.getReader();
    await reader?.read();
    expect(test.engine.loaded()[0]?.activeRequests).toBe(1);
    await reader?.cancel();
    await until(() => expect(test.engine.loaded()[0]?.activeRequests).toBe(0));
  });

  it("stops the engine when the socket closes before anything is streamed", async () => {
    await using test = await openTestServer(slow);
    const { promise: listening, resolve } = Promise.withResolvers<number>();
    const http = serve({ fetch: test.server.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
      resolve(port),
    );
    try {
      const abort = new AbortController();
      const body = JSON.stringify({ model: "m", prompt: "hi", stream: false });
      const url = `http://127.0.0.1:${await listening}/api/generate`;
      const answer = fetch(url, { method: "POST", body, signal: abort.signal });
      await until(() => expect(test.engine.loaded()[0]?.activeRequests).toBe(1));
      abort.abort();
      await expect(answer).rejects.toThrow();
      await until(() => expect(test.engine.loaded()[0]?.activeRequests).toBe(0));
    } finally {
      http.close();
    }
  });

  it("tells each family in its own words that an answer broke off", async () => {
    const broken = { pieces: ["half"], end: { code: "RUNNER_CRASHED", message: "the runner died" } } as const;
    await using test = await openTestServer({ answer: () => broken });
    const text = async (path: string, body: object) => (await test.post(path, body)).text();
    const ask = { model: "m", stream: true };
    const messages = [{ role: "user", content: "hi" }];
    expect(await text("/api/chat", { ...ask, messages })).toMatch(/\{"error":"the runner died"\}\n$/);
    expect(await text("/v1/chat/completions", { ...ask, messages })).toMatch(
      /data: \{"error":\{"message":"the runner died".*\}\}\n\n$/,
    );
    expect(await text("/v1/responses", { ...ask, input: "hi" })).toMatch(
      /event: error\ndata: \{"error":.*\n\n$/,
    );
    expect(await text("/v1/messages", { ...ask, messages, max_tokens: 9 })).toMatch(
      /event: error\ndata: \{"type":"error".*\n\n$/,
    );
  });
});
