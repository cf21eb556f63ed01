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
  ["/v1/completions", { model: "m", prompt: "x", stop: 5 }],
  ["/v1/messages", { model: "m", max_tokens: 5, messages: ask, tools: [{}] }],
  ["/v1/responses", { model: "m", input: "x", tools: [{}] }],
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
