import { describe, expect, it, vi } from "vitest";
import { openTestServer } from "./support/test-server.ts";

const long = Array.from({ length: 12 }, (_, index) => ({
  role: index % 2 === 0 ? "user" : "assistant",
  content: `message ${index} ${"x".repeat(400)}`,
}));
const routes = [
  ["/api/chat", { messages: [{ role: "user", content: "hi" }] }],
  ["/v1/chat/completions", { messages: [{ role: "user", content: "hi" }] }],
  ["/v1/responses", { input: "hi" }],
  ["/v1/messages", { messages: [{ role: "user", content: "hi" }], max_tokens: 5 }],
] as const;

describe("a parameter that nobody knows", () => {
  it.each(routes)("is accepted by %s and named in a header", async (path, body) => {
    await using test = await openTestServer();
    for (const stream of [false, true]) {
      const response = await test.post(path, { model: "m", ...body, frobnicate: 5, stream });
      await response.text();
      expect([response.status, response.headers.get("x-puna-warnings")]).toEqual([
        200,
        'unknown parameter "frobnicate" has no effect',
      ]);
    }
  });
});

describe("a parameter that is known and does nothing here", () => {
  it.each([
    ["/v1/responses", { input: "hi", background: true }, '"background" has no effect'],
    [
      "/v1/responses",
      { input: "hi", include: ["reasoning.encrypted_content", "file_search_call.results"] },
      /^include "file_search_call\.results" has no effect$/,
    ],
    [
      "/v1/chat/completions",
      { messages: [{ role: "user", content: "hi" }], store: true },
      '"store" has no effect',
    ],
  ])("is named in the header of %s", async (path, body, warning) => {
    await using test = await openTestServer();
    const response = await test.post(path, { model: "m", ...body });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-puna-warnings")).toMatch(warning);
  });
});

describe("messages that do not fit the context", () => {
  it.each([
    ["/api/chat", { messages: long, options: { num_ctx: 2048 } }],
    ["/v1/chat/completions", { messages: long, options: { num_ctx: 2048 } }],
    ["/v1/responses", { input: long }],
    ["/v1/messages", { messages: long, max_tokens: 5 }],
  ])("are told of by %s in the header and at the end, streamed or not", async (path, body) => {
    await using test = await openTestServer({ contextTokens: 2048 }, { contextLength: 2048 });
    for (const stream of [false, true]) {
      const response = await test.post(path, { model: "m", ...body, stream });
      const text = await response.text();
      const header = response.headers.get("x-puna-warnings") ?? "";
      const count = /^(\d+) messages were left out to fit the context/.exec(header)?.[1];
      expect(Number(count)).toBeGreaterThan(3);
      expect(text.match(/"puna":\{"dropped_messages":(\d+)\}/)?.[1]).toBe(count);
    }
  });
});

describe("a demand that cannot be met", () => {
  it.each([
    ["/api/chat", { messages: [{ role: "user", content: "hi" }], format: { type: "nope" } }],
    [
      "/v1/chat/completions",
      {
        messages: [{ role: "user", content: "hi" }],
        response_format: { type: "json_schema", json_schema: { schema: { type: "nope" } } },
      },
    ],
    ["/v1/responses", { input: "hi", text: { format: { type: "json_schema", schema: { type: "nope" } } } }],
  ])("makes %s answer 400", async (path, body) => {
    await using test = await openTestServer();
    const response = await test.post(path, { model: "m", ...body, stream: false });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain("nope");
  });
});

describe("the store of responses", () => {
  it("forgets the oldest, keeps what it was told to, and says so", async () => {
    await using test = await openTestServer();
    const ask = async (rest: object = {}) => {
      const response = await test.post("/v1/responses", { model: "m", input: "hi", ...rest });
      return (await response.json()) as { id: string };
    };
    const status = async (id: string) => (await test.server.request(`/v1/responses/${id}`)).status;
    const first = await ask();
    const unkept = await ask({ store: false });
    expect([await status(first.id), await status(unkept.id)]).toEqual([200, 404]);
    for (let count = 0; count < 1100; count += 1) await ask();
    expect(await status(first.id)).toBe(404);
    const gone = await test.post("/v1/responses", { model: "m", input: "x", previous_response_id: first.id });
    expect(gone.status).toBe(404);
  });
});

describe("metrics", () => {
  it("tell of requests, tokens, times, slots and pulls", async () => {
    await using test = await openTestServer();
    await (await test.post("/api/chat", { model: "m", messages: long.slice(0, 1) })).text();
    await (await test.post("/api/pull", { model: "other" })).text();
    const text = await (await test.server.request("/metrics")).text();
    for (const name of [
      'puna_http_requests_total{route="/api/chat",status="200"} 1',
      "puna_http_request_duration_seconds_bucket",
      "puna_http_requests_active",
      'puna_tokens_total{kind="generated"}',
      'puna_tokens_total{kind="cached"}',
      "puna_time_to_first_token_seconds_count 1",
      "puna_inter_token_seconds_count",
      "puna_model_acquire_seconds_count 1",
      "puna_model_loads_total 1",
      "puna_model_evictions_total 0",
      "puna_requests_waiting 0",
      "puna_models_loaded 1",
      "puna_slots",
      'puna_pulls_total{result="success"} 1',
    ]) {
      expect(text).toContain(name);
    }
    expect(text).not.toContain("message 0");
  });

  it("tell why models left memory, and evictions from what was asked for and what expired", async () => {
    await using test = await openTestServer({ maxLoadedModels: 1 });
    const counts = async () =>
      (await (await test.server.request("/metrics")).text())
        .split("\n")
        .filter((line) => /^puna_model_(loads|unloads|evictions)_total/.test(line))
        .sort();
    await (await test.post("/api/generate", { model: "m", keep_alive: "10m" })).text();
    // Another file takes its place.
    await (await test.post("/api/generate", { model: await test.makeOther(), keep_alive: "10ms" })).text();
    await vi.waitFor(() => expect(test.engine.loaded()).toEqual([]), { timeout: 10_000 });
    await (await test.post("/api/generate", { model: "m" })).text();
    await (await test.post("/api/generate", { model: "m", keep_alive: 0 })).text();
    await vi.waitFor(() => expect(test.engine.loaded()).toEqual([]), { timeout: 10_000 });
    expect(await counts()).toEqual([
      "puna_model_evictions_total 1",
      "puna_model_loads_total 3",
      'puna_model_unloads_total{reason="evicted"} 1',
      'puna_model_unloads_total{reason="expired"} 1',
      'puna_model_unloads_total{reason="requested"} 1',
    ]);
  });
});
