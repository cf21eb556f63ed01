import { chmod, rm, writeFile } from "node:fs/promises";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { expect, it } from "vitest";
import { openTestServer } from "./support/test-server.ts";

const ask = [{ role: "user", content: "x" }];

it.each([
  ["/v1/completions", { model: 5 }, "number into Go struct field CompletionRequest.model of type string"],
  [
    "/v1/completions",
    { model: "m", max_tokens: "a" },
    "string into Go struct field CompletionRequest.max_tokens of type int",
  ],
  [
    "/v1/chat/completions",
    { model: "m", messages: "x" },
    "string into Go struct field ChatCompletionRequest.messages of type []openai.Message",
  ],
  [
    "/v1/chat/completions",
    { model: "m", messages: ask, temperature: "x" },
    "string into Go struct field ChatCompletionRequest.temperature of type float64",
  ],
  [
    "/v1/messages",
    { model: "m", max_tokens: "5", messages: ask },
    "string into Go struct field MessagesRequest.max_tokens of type int",
  ],
  [
    "/v1/messages",
    { model: "m", max_tokens: 5, messages: ask, tools: 5 },
    "number into Go struct field MessagesRequest.tools of type []anthropic.Tool",
  ],
  [
    "/v1/responses",
    { model: "m", input: "x", stream: "x" },
    "string into Go struct field ResponsesRequest.stream of type bool",
  ],
  [
    "/v1/chat/completions",
    { model: "m", messages: [{ role: 5 }] },
    "number into Go struct field Message.messages.role of type string",
  ],
  [
    "/v1/chat/completions",
    { model: "m", messages: [{ role: "assistant", tool_calls: [{ id: 5, function: {} }] }] },
    "number into Go struct field ToolCall.messages.tool_calls.id of type string",
  ],
  [
    "/v1/chat/completions",
    { model: "m", messages: [{ role: "assistant", tool_calls: [{ function: { arguments: {} } }] }] },
    "object into Go struct field .messages.tool_calls.function.arguments of type string",
  ],
  [
    "/v1/chat/completions",
    { model: "m", messages: ask, response_format: "json" },
    "string into Go struct field ChatCompletionRequest.response_format of type openai.ResponseFormat",
  ],
  [
    "/v1/chat/completions",
    { model: "m", messages: ask, stream_options: { include_usage: 1 } },
    "number into Go struct field StreamOptions.stream_options.include_usage of type bool",
  ],
  ["/v1/chat/completions", [], "array into Go value of type openai.ChatCompletionRequest"],
  [
    "/v1/completions",
    { model: "m", prompt: 5 },
    "number into Go struct field CompletionRequest.prompt of type string",
  ],
  [
    "/v1/messages",
    { model: "m", max_tokens: 5, messages: ask, tools: [{ name: 5 }] },
    "number into Go struct field Tool.tools.name of type string",
  ],
  [
    "/v1/responses",
    { model: "m", input: "x", reasoning: { effort: 5 } },
    "number into Go struct field ResponsesReasoning.reasoning.effort of type string",
  ],
  [
    "/v1/embeddings",
    { model: 5, input: "x" },
    "number into Go struct field EmbedRequest.model of type string",
  ],
])("%s refuses %j in the words of Go's decoder", async (path, body, message) => {
  await using test = await openTestServer();
  const response = await test.post(path, body);
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { message: `json: cannot unmarshal ${message}` } },
  ]);
});

it.each([
  [
    { messages: [{ role: "user", content: 5 }] },
    "messages.0.content: must be a text or a list of content blocks",
  ],
  [{ messages: [...ask, { role: "user" }] }, "unexpected end of JSON input"],
  [{ messages: ask, tools: [{ name: "f" }] }, "registry.ollama.ai/library/m:latest does not support tools"],
  [{ messages: [] }, "messages is required"],
  [{ messages: ask, max_tokens: undefined }, "max_tokens is required and must be positive"],
  [{ messages: ask, tool_choice: { type: "nope" } }, expect.stringContaining("tool_choice.type: ")],
])("/v1/messages refuses %j", async (body, message) => {
  await using test = await openTestServer();
  const response = await test.post("/v1/messages", { model: "m", max_tokens: 5, ...body });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { type: "error", error: { type: "invalid_request_error", message } },
  ]);
});

it("/v1/messages names the kinds of blocks that it leaves out", async () => {
  await using test = await openTestServer();
  const content = [{ type: "text", text: "x" }, { type: "document" }];
  const body = { model: "m", max_tokens: 5, messages: [{ role: "user", content }] };
  const response = await test.post("/v1/messages", body);
  expect(response.status).toBe(200);
  expect(response.headers.get("x-puna-warnings")).toContain('blocks of type "document" have no effect');
});

it.each([
  ["/v1/completions", { model: "m", prompt: "x", stop: 5 }],
  ["/v1/messages", { model: "m", max_tokens: 5, messages: ask, tools: [{ type: "web_search_20250305" }] }],
  ["/v1/messages", { model: "m", max_tokens: 5, messages: ask, system: 5 }],
  ["/v1/completions", { model: "m", prompt: "x", logprobs: -1, user: 5 }],
  ["/api/generate", { model: "m", prompt: "x", stream: false, width: "wide" }],
  ["/v1/responses", { model: "m", input: "x", tools: [{}] }],
  ["/v1/responses", { model: "m", input: "x", metadata: 5 }],
  ["/api/apply-template", { model: "m", messages: ask }],
])("%s takes %j", async (path, body) => {
  await using test = await openTestServer();
  const response = await test.post(path, body);
  expect([response.status, await response.text()]).toMatchObject([200, expect.any(String)]);
});

it.each([
  [undefined, undefined],
  [true, "after-samplers"],
])("post_sampling_probs %s asks the engine for logprobs %s", async (post_sampling_probs, stage) => {
  await using test = await openTestServer();
  const options = post_sampling_probs === undefined ? {} : { post_sampling_probs };
  await (
    await test.post("/api/generate", { model: "m", prompt: "x", logprobs: true, options, stream: false })
  ).text();
  expect(test.engine.calls.at(-1)?.request.logprobsStage).toBe(stage);
});

it("keeps the order of arguments that look like indices, as the model wrote it", async () => {
  const args = '{"b":1,"2":{"z":1,"0":2},"1":3}';
  await using test = await openTestServer({
    answer: () => ({ pieces: [`{"name":"f","arguments":${args}}`] }),
  });
  const template = "{{ .Tools }}{{ .Prompt }}";
  await (await test.post("/api/create", { model: "t", from: "m", template, stream: false })).text();
  const schema = { type: "object", properties: { b: { type: "number" } } };
  const chat = await test.post("/v1/chat/completions", {
    model: "t",
    messages: ask,
    tools: [{ type: "function", function: { name: "f", parameters: schema } }],
    tool_choice: "required",
  });
  expect(await chat.json()).toMatchObject({
    choices: [{ message: { tool_calls: [{ function: { arguments: args } }] } }],
  });
});

it("lists a model whose weights cannot be read, with what its other layers say", async () => {
  await using temporary = await openTemporaryStore();
  await using test = await openTestServer({}, { store: temporary.store });
  const [stored] = await temporary.store.manifests.list();
  const weights = stored?.manifest.layers.find(({ mediaType }) => mediaType.endsWith("image.model"));
  const path = temporary.store.blobs.path(weights?.digest ?? "");
  await chmod(path, 0o600);
  await writeFile(path, "no model");
  const list = async () => (await test.server.request("/api/tags")).json();
  expect(await list()).toMatchObject({ models: [{ name: "m:latest", details: { family: "llama" } }] });
  await rm(path);
  expect(await list()).toMatchObject({ models: [{ name: "m:latest" }] });
});

it("/v1/responses shows the model the functions of a namespace, by both names", async () => {
  await using test = await openTestServer();
  const template = "{{ .Tools }}{{ range .Messages }}{{ .Content }}{{ end }}";
  await (await test.post("/api/create", { model: "t", from: "m", template, stream: false })).text();
  const member = { type: "function", name: "add", parameters: { type: "object", properties: {} } };
  const tools = [{ type: "namespace", name: "math", tools: [member] }];
  const response = await test.post("/v1/responses", { model: "t", input: "x", tools });
  expect([response.status, response.headers.get("x-puna-warnings")]).toEqual([200, null]);
  expect(test.engine.calls.at(-1)?.request.prompt).toContain('"math.add"');
});

it.each([
  ["/v1/chat/completions", { messages: ask, n: 0 }, "n: must be between 1 and 16"],
  ["/v1/chat/completions", { messages: ask, logit_bias: { x: 1 } }, "logit_bias.x: must be a token id"],
  [
    "/v1/chat/completions",
    { messages: ask, logit_bias: { 5: 101 } },
    "logit_bias.5: must be between -100 and 100",
  ],
  ["/v1/rerank", { query: "x", documents: ["y"], top_n: "1" }, "top_n: must be of type int"],
  ["/v1/completions", { prompt: "x", best_of: 2 }, "best_of: must be between 1 and 1"],
  ["/v1/responses", { input: 5 }, "input: must be a text or a list of items"],
  [
    "/v1/responses",
    { input: "x", text: { format: { type: "json_schema" } } },
    "text.format.schema: a JSON Schema object is required",
  ],
])("%s names the field of %j that is out of its bounds", async (path, body, message) => {
  await using test = await openTestServer();
  const response = await test.post(path, { model: "m", ...body });
  expect([response.status, await response.json()]).toMatchObject([400, { error: { message } }]);
});

it.each([
  ["/v1/chat/completions", { messages: [{ role: "developer", content: "be brief" }, ...ask] }],
  ["/v1/responses", { input: [{ role: "developer", content: "be brief" }, ...ask] }],
])("%s takes what a developer says for what the system says", async (path, body) => {
  await using test = await openTestServer();
  const template = "{{ range .Messages }}{{ .Role }}:{{ .Content }};{{ end }}";
  await (await test.post("/api/create", { model: "t", from: "m", template, stream: false })).text();
  expect((await test.post(path, { model: "t", ...body })).status).toBe(200);
  expect(test.engine.calls.at(-1)?.request.prompt).toBe("system:be brief;user:x;");
});

it("tells Anthropic's clients in their own words that there is no such model", async () => {
  await using test = await openTestServer();
  const ask = (headers: Record<string, string>) => test.server.request("/v1/models/none", { headers });
  const theirs = await ask({ "anthropic-version": "2023-06-01" });
  expect([theirs.status, await theirs.json()]).toMatchObject([
    404,
    { type: "error", error: { type: "not_found_error", message: "model 'none:latest' not found" } },
  ]);
  expect(await (await ask({})).json()).toMatchObject({ error: { type: "not_found_error", code: null } });
});
