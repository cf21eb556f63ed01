import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestServer, type TestServer } from "./support/test-server.ts";

/** What Ollama answers at the edges, found by asking both programs the same. */
let test: TestServer;
beforeAll(async () => {
  test = await openTestServer();
  await test.post("/api/create", { model: "stub", from: "gpt-oss:20b-cloud", stream: false });
});
afterAll(() => test[Symbol.asyncDispose]());

const cloudRefusal = { error: "ollama cloud is disabled: remote model is unavailable" };
const user = [{ role: "user", content: "hi" }];

async function lines(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("names", () => {
  it("finds out about a wrong name to push after the stream has begun", async () => {
    const response = await test.post("/api/push", { model: "no pe" });
    expect(response.status).toBe(200);
    expect(await lines(response)).toEqual([
      { status: "retrieving manifest" },
      { status: "couldn't retrieve manifest" },
      { error: "unqualified name: registry.ollama.ai/library/no pe:latest" },
    ]);
    const whole = await test.post("/api/push", { model: "no pe", stream: false });
    expect(whole.status).toBe(400);
  });

  it.each([
    ["", 400, "model is required"],
    ["a b", 400, 'name "a b" is invalid'],
    ["x:cloud:local", 400, 'use either :local or :cloud, not both: "x:cloud:local"'],
    ["x:local", 404, "model 'x:local' not found"],
  ])("answers deletion of %j", async (model, status, error) => {
    const body = JSON.stringify({ model });
    const response = await test.server.request("/api/delete", { method: "DELETE", body });
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });

  it("deletes a model whose name ends in :local by its bare name", async () => {
    await test.post("/api/copy", { source: "m", destination: "gone" });
    const body = JSON.stringify({ model: "gone:local" });
    expect((await test.server.request("/api/delete", { method: "DELETE", body })).status).toBe(200);
  });
});

describe("models of the cloud", () => {
  it.each([
    ["/v1/chat/completions", {}],
    ["/v1/completions", { stream: "yes" }],
    ["/v1/embeddings", {}],
    ["/v1/responses", {}],
    ["/v1/messages", {}],
    ["/api/embeddings", {}],
  ])("are refused on %s before anything else is looked at", async (path, rest) => {
    const response = await test.post(path, { model: "x:Cloud", ...rest });
    expect([response.status, await response.json()]).toEqual([403, cloudRefusal]);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  });

  it("can be named, listed and not be run", async () => {
    const { models } = (await (await test.server.request("/api/tags")).json()) as {
      models: { name: string; remote_model?: string; remote_host?: string }[];
    };
    expect(models.find(({ name }) => name === "stub:latest")).toMatchObject({
      remote_model: "gpt-oss:20b",
      remote_host: "https://ollama.com:443",
    });
    const chat = await test.post("/api/chat", { model: "stub", messages: user });
    expect([chat.status, await chat.json()]).toEqual([403, cloudRefusal]);
    expect((await test.post("/api/show", { model: "stub" })).status).toBe(403);
  });
});

describe("blobs", () => {
  it("takes a digest written with a dash for another one", async () => {
    const hex = createHash("sha256").update("abc").digest("hex");
    const response = await test.server.request(`/api/blobs/sha256-${hex}`, { method: "POST", body: "abc" });
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: `digest mismatch, expected "sha256-${hex}", got "sha256:${hex}"` },
    ]);
    expect((await test.server.request(`/api/blobs/sha256-${hex}`, { method: "HEAD" })).status).toBe(200);
  });
});

describe("create", () => {
  const create = (rest: object) =>
    test.post("/api/create", { model: "made", from: "m", stream: false, ...rest });

  it.each([
    [{ draft_quantize: "Q8_0" }, 400, "--draft-quantize requires a DRAFT model"],
    [{ from: "", files: { "/a.gguf": "sha256:x" } }, 400, "file path must be relative"],
    [{ info: { context_length: "x" } }, 400, 'info field "context_length" must be a number'],
    [{ info: { context_length: -1 } }, 400, 'info field "context_length" must be a non-negative integer'],
    [{ info: { model_family: 5 } }, 400, 'info field "model_family" must be a string'],
    [{ remote_host: "::" }, 400, "bad remote"],
  ])("refuses %j", async (rest, status, error) => {
    const response = await create(rest);
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });

  it("puts the family and the abilities that are declared before those of the file", async () => {
    await create({ info: { model_family: "mine", capabilities: ["tools"] } });
    const shown = await (await test.post("/api/show", { model: "made" })).json();
    expect(shown).toMatchObject({
      details: { family: "mine", families: ["mine", "llama"] },
      capabilities: ["tools", "completion"],
    });
  });

  it("keeps what messages have besides their text, and goes on from it", async () => {
    const template =
      "{{ range .Messages }}{{ .Role }}:{{ .Content }}{{ .Thinking }}{{ range .ToolCalls }}{{ .Function.Name }}{{ .Function.Arguments }}{{ end }};{{ end }}";
    const messages = [
      { role: "user", content: "weather?" },
      {
        role: "assistant",
        thinking: "hm",
        tool_calls: [{ function: { name: "get", arguments: { city: "Bern" } } }],
      },
      { role: "tool", content: "21", tool_name: "get" },
    ];
    await create({ model: "history", template, messages });
    const rendered = await test.post("/api/chat", {
      model: "history",
      messages: user,
      stream: false,
      _debug_render_only: true,
    });
    expect(await rendered.json()).toMatchObject({
      _debug_info: {
        rendered_template: 'user:weather?;assistant:hmget{"city":"Bern"};tool:21;user:hi;',
      },
    });
    await create({ model: "again", from: "history" });
    const shown = await (await test.post("/api/show", { model: "again" })).json();
    expect(shown).toMatchObject({ messages: messages.map(({ role, content = "" }) => ({ role, content })) });
  });

  it("shows of messages what Ollama shows", async () => {
    await create({ messages: [{ role: "user", content: "x", images: ["aGk="] }] });
    const shown = await (await test.post("/api/show", { model: "made", options: { num_ctx: 5 } })).json();
    expect(shown).toMatchObject({ messages: [{ role: "user", content: "x" }] });
    expect(shown).not.toHaveProperty("messages[0].images");
    expect(shown).not.toHaveProperty("parameters");
  });
});

describe("prompts of models without a template", () => {
  const render = async (path: string, request: object) => {
    const response = await test.post(path, {
      model: "m",
      stream: false,
      _debug_render_only: true,
      ...request,
    });
    return ((await response.json()) as { _debug_info: { rendered_template: string } })._debug_info
      .rendered_template;
  };

  it("are ChatML for conversations, and the text itself for generate", async () => {
    expect(await render("/api/chat", { messages: user })).toBe(
      "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(await render("/api/generate", { prompt: "hi", system: "S" })).toBe("hi");
  });
});

describe("speech", () => {
  it.each([
    [{}, "failed to parse multipart form: request Content-Type isn't multipart/form-data", 400],
    [{ file: new File(["x"], "a.wav") }, "model is required", 400],
    [{ model: "m" }, "file is required: http: no such file", 400],
    [{ model: "m", file: new File([], "a.wav") }, "audio file is empty", 400],
    [{ model: "none", file: new File(["x"], "a.wav") }, "model 'none' not found", 404],
    [{ model: "m", file: new File(["x"], "a.wav") }, expect.stringContaining("cannot hear"), 501],
  ])("answers a form with %o", async (fields, message, status) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const body = Object.keys(fields).length > 0 ? form : "{}";
    const response = await test.server.request("/v1/audio/transcriptions", { method: "POST", body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message } });
  });
});

describe("paths and guards", () => {
  it.each([
    ["GET", "/api/tags/?a=1", 301, "/api/tags?a=1"],
    ["POST", "/api/tags/", 404, null],
    ["POST", "//no", 307, "/no"],
    ["GET", "/a%zz", 400, null],
  ])("%s %s gives %i", async (method, path, status, location) => {
    const response = await test.server.request(`http://localhost${path}`, { method });
    expect([response.status, response.headers.get("location")]).toEqual([status, location]);
  });

  it.each([
    [[[]], 400],
    [[[1], []], 400],
    [[-1], 400],
    [5, 400],
    [[[1, 2]], 501],
  ])("gives /v1/embeddings of %j status %i", async (input, status) => {
    expect((await test.post("/v1/embeddings", { model: "m", input })).status).toBe(status);
  });
});

describe("demanded calls", () => {
  const tools = [
    { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } },
  ];

  it.each([
    [
      { tools, tool_choice: { type: "function", function: { name: "g" } } },
      'tool_choice names "g"; the tools are f',
    ],
    [
      { tool_choice: { type: "function", function: { name: "g" } } },
      'tool_choice names "g"; there are no tools',
    ],
    [{ tool_choice: "required" }, "tool_choice demands a call, and there are no tools"],
  ])("are refused where no tool can be called: %j", async (rest, message) => {
    await test.post("/api/create", {
      model: "t",
      from: "m",
      template: "{{ range .Messages }}{{ .Content }}{{ end }}{{ .Tools }}",
      stream: false,
    });
    const response = await test.post("/v1/chat/completions", { model: "t", messages: user, ...rest });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message } });
  });
});

describe("uploads that end early", () => {
  it("are no fault of the server", async () => {
    const failures: unknown[] = [];
    const note = (_: string, fields?: object) => failures.push(fields);
    const quiet = () => {};
    await using other = await openTestServer(
      {},
      { logger: { debug: quiet, info: note, warn: note, error: note } },
    );
    const digest = `sha256:${"0".repeat(64)}`;
    const body = new ReadableStream({
      pull(controller) {
        controller.error(Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
      },
    });
    failures.length = 0;
    const response = await other.server.fetch(
      new Request(`http://localhost/api/blobs/${digest}`, {
        method: "POST",
        body,
        duplex: "half",
      } as RequestInit),
    );
    expect(response.status).toBe(499);
    expect(failures).toMatchObject([{ status: 499, code: "CANCELED" }]);
  });
});

describe("items that /v1/responses refuses", () => {
  const message = (part: object) => [{ type: "message", role: "user", content: [part] }];

  it.each([
    [message({ type: "nope" }), "input[0]: content[0]: unknown content type: nope"],
    [message({ type: "input_file" }), "file inputs are not currently supported"],
    [
      message({ type: "input_image", image_url: "http://x" }),
      "image URLs are not currently supported, please use base64 encoded data instead",
    ],
    [[{ type: "function_call", call_id: "1", name: "f", arguments: "{" }], /^failed to parse function call/],
    [[{ content: "x" }], "input[0]: input item missing required 'type' field"],
  ])("%j", async (input, message) => {
    const response = await test.post("/v1/responses", { model: "m", input });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
  });

  it("only loads the model for an empty text", async () => {
    const response = await test.post("/v1/responses", { model: "m", input: "" });
    expect(await response.json()).toMatchObject({ output: [{ content: [{ text: "" }] }] });
  });
});

describe("blocks that /v1/messages refuses", () => {
  it.each([
    [{ type: "tool_use", id: "1", name: "f", input: "x" }, "tool_use block: 'input' must be an object"],
    [
      { type: "image", source: { type: "base64", data: "!!" } },
      "invalid base64 image data: illegal base64 data at input byte 0",
    ],
  ])("%j", async (block, message) => {
    const messages = [{ role: "user", content: [block] }];
    const response = await test.post("/v1/messages", { model: "m", max_tokens: 5, messages });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { message } }]);
  });
});

describe("stray slashes", () => {
  it.each([
    ["//api//tags?x=1", "/api/tags?x=1"],
    ["/%5Cevil.example//x", "/%5Cevil.example/x"],
    ["//api/%E6%97%A5", "/api/%E6%97%A5"],
    ["//api/a%0D%0ASet-Cookie:b", "/api/a%0D%0ASet-Cookie:b"],
    ["//api/a%3Fb%23c", "/api/a%3Fb%23c"],
  ])("of %j lead to a path of this server", async (path, location) => {
    // Not `server.request`, which would clean the path itself.
    const response = await test.server.fetch(new Request(`http://localhost${path}`));
    expect(response.status).toBe(307);
    expect(response.headers.get("location")).toBe(location);
  });
});

it("takes no form for transcription that is larger than a body may be", async () => {
  await using small = await openTestServer({}, { maxBodyBytes: 100_000 });
  const body = new FormData();
  body.set("model", "m");
  body.set("file", new File([new Uint8Array(200_000)], "a.wav"));
  const form = new Response(body);
  const headers = { "content-type": form.headers.get("content-type") ?? "" };
  const sent = { method: "POST", headers, body: await form.arrayBuffer() };
  const response = await small.server.request("/v1/audio/transcriptions", sent);
  expect(response.status).toBe(413);
});
