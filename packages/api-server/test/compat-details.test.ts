import { expect, it } from "vitest";
import { openTemplatedServer, type TemplatedServer } from "./support/templated-server.ts";

const ask = [{ role: "user", content: "hi" }];
const tools = [{ type: "function", function: { name: "f" } }];

const template =
  '{{ if .Tools }}{{ .Tools }} {{ end }}{{ range .Messages }}<{{ .Role }}>{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}</tool_call>{{ end }}{{ end }}';

/** `t` knows tools, thinking and stop texts. */
function openServer(pieces: readonly string[] = ["Hello"]): Promise<TemplatedServer> {
  return openTemplatedServer(pieces, { template, parameters: { stop: ["END"] } });
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return JSON.parse(await response.text());
}

it("parts thinking from the answer in streamed deltas of one piece", async () => {
  await using test = await openServer(["<think>why</think>because"]);
  const response = await test.post("/v1/chat/completions", { model: "t", messages: ask, stream: true });
  const deltas = (await response.text())
    .split("\n\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)).choices[0].delta);
  expect(deltas).toEqual([{ role: "assistant", reasoning: "why" }, { content: "because" }, {}]);
});

it("writes arguments of calls as Go's encoder does", async () => {
  const escaped = String.raw`{"a":"\u003cb\u003e \u0026"}`;
  const pieces = ['<tool_call>{"name": "f", "arguments": {"a": "<b> &"}}</tool_call>'];
  await using test = await openServer(pieces);
  const chat = await json(await test.post("/v1/chat/completions", { model: "t", messages: ask, tools }));
  expect(chat).toMatchObject({
    choices: [{ message: { tool_calls: [{ function: { arguments: escaped } }] } }],
  });
  const flat = [{ type: "function", name: "f" }];
  const responses = await json(await test.post("/v1/responses", { model: "t", input: "hi", tools: flat }));
  expect(responses).toMatchObject({ output: [{ arguments: escaped }] });
});

it("shows the prompt instead of an answer on OpenAI's routes too", async () => {
  await using test = await openServer();
  const debug = { model: "t", _debug_render_only: true };
  const chat = await json(await test.post("/v1/chat/completions", { ...debug, messages: ask }));
  expect(chat).toMatchObject({
    choices: [{ message: { role: "", content: "" }, finish_reason: null }],
    _debug_info: { rendered_template: "<user>hi" },
  });
  const text = await json(await test.post("/v1/completions", { ...debug, prompt: "hi" }));
  expect(text).toMatchObject({ choices: [{ text: "", finish_reason: null }] });
  expect(test.requests).toHaveLength(0);
});

it("takes tools that say little as Ollama prints them", async () => {
  await using test = await openServer();
  const printed = (type: string) =>
    `[{"type":"${type}","function":{"name":"f","description":"","parameters":{"type":"","properties":null}}}] <user>hi`;
  await test.post("/v1/chat/completions", { model: "t", messages: ask, tools });
  await test.post("/v1/messages", { model: "t", max_tokens: 5, messages: ask, tools: [{ name: "f" }] });
  expect(test.requests.map(({ prompt }) => prompt)).toEqual([printed("function"), printed("function")]);
});

it("lets an empty list of stop texts and a zero top_p of /v1/completions say nothing", async () => {
  await using test = await openServer();
  await test.post("/v1/completions", { model: "t", prompt: "hi", stop: [], top_p: 0 });
  expect(test.requests[0]).toMatchObject({ stop: ["END"], sampling: { topP: 1 } });
  const refused = await json(await test.post("/v1/completions", { model: "t", prompt: "hi", stop: [{}] }));
  expect(refused).toMatchObject({
    error: { message: "invalid type for 'stop' field: map[string]interface {}" },
  });
});

it("leaves out turns of /v1/messages that say nothing, and keeps results behind an assistant's text", async () => {
  await using test = await openServer();
  const loads = await test.post("/v1/messages", {
    model: "t",
    max_tokens: 5,
    messages: [{ role: "user", content: "" }],
  });
  expect([loads.status, test.requests.length]).toEqual([200, 0]);
  const content = [
    { type: "tool_result", tool_use_id: "1", content: "res" },
    { type: "thinking", thinking: "a" },
    { type: "thinking", thinking: "b" },
    { type: "text", text: "said" },
  ];
  const messages = [{ role: "assistant", content }, ...ask];
  await test.post("/v1/messages", { model: "t", max_tokens: 5, messages });
  expect(test.requests[0]?.prompt).toBe("<assistant><think>b</think>said<tool>res<user>hi");
});

it("joins what was said beside a call of /v1/responses only where its result follows", async () => {
  await using test = await openServer();
  const call = { type: "function_call", call_id: "1", name: "f", arguments: "{}" };
  const said = (content: string) => ({ role: "assistant", content });
  const output = { type: "function_call_output", call_id: "1", output: "res" };
  await test.post("/v1/responses", { model: "t", input: [said("one"), call, said("two"), output] });
  await test.post("/v1/responses", { model: "t", input: [call, said("two"), ...ask] });
  expect(test.requests.map(({ prompt }) => prompt)).toEqual([
    '<assistant>one\ntwo<tool_call>{"name": "f", "arguments": {}}</tool_call><tool>res',
    '<assistant>\n\ntwo<tool_call>{"name": "f", "arguments": {}}</tool_call><user>hi',
  ]);
});

it.each([
  [
    { instructions: "", reasoning: {}, text: { format: {} } },
    { instructions: null, reasoning: null },
  ],
  [{ reasoning: { effort: "low", summary: "" } }, { reasoning: { effort: "low" } }],
])("echoes %j of /v1/responses as Ollama does", async (fields, echo) => {
  await using test = await openServer();
  const body = await json(await test.post("/v1/responses", { model: "t", input: "hi", ...fields }));
  expect(body).toMatchObject(echo);
});

it("prints options of /api/show into the Modelfile", async () => {
  await using test = await openServer();
  const shown = await json(await test.post("/api/show", { model: "t", options: { top_k: 5, stop: ["X"] } }));
  expect(shown["modelfile"]).toMatch(/PARAMETER stop X\nPARAMETER top_k 5/);
  expect(shown["parameters"]).not.toContain("top_k");
});

it("leaves a property without a type without one", async () => {
  await using test = await openServer();
  const property = { anyOf: [{ type: "string" }] };
  const parameters = { type: "object", properties: { a: property } };
  const typed = [{ type: "function", function: { name: "f", parameters } }];
  await test.post("/api/chat", { model: "t", messages: ask, tools: typed, stream: false });
  expect(test.requests[0]?.prompt).toContain('{"a":{"anyOf":[{"type":"string"}]}}');
});

it("names both halves of reasoning in the events of /v1/responses", async () => {
  await using test = await openServer();
  const response = await test.post("/v1/responses", {
    model: "t",
    input: "hi",
    reasoning: { effort: "low" },
    stream: true,
  });
  expect(await response.text()).toContain('"reasoning":{"effort":"low","summary":null}');
});

it("leaves out what a model brings along where a prompt of generate would not fit with it", async () => {
  await using test = await openServer();
  const seed = [{ role: "user", content: "seed" }];
  await test.post("/api/create", { model: "s", from: "t", messages: seed, stream: false });
  const generate = (fields: object) =>
    test.post("/api/generate", { model: "s", stream: false, options: { num_ctx: 32 }, ...fields });
  await generate({ prompt: "hi" });
  await generate({ prompt: "long enough to fill it" });
  await generate({ prompt: "hi", context: [] });
  expect(test.requests.map(({ prompt }) => prompt)).toEqual([
    "<user>seed\n\nhi",
    "<user>long enough to fill it",
    "<user>hi",
  ]);
});

it("estimates calls and results of /v1/messages by their printed form", async () => {
  await using test = await openServer();
  const content = [{ type: "tool_result", tool_use_id: "i", content: "<r>", cache_control: {} }];
  const messages = [{ role: "user", content }, ...ask];
  const response = await test.post("/v1/messages", { model: "t", max_tokens: 5, messages, stream: true });
  const start = JSON.parse(/^data: (.*)$/m.exec(await response.text())?.[1] ?? "{}");
  // 4 + 4 of roles, 2 of text, 66 of the block
  expect(start.message.usage.input_tokens).toBe(Math.trunc((4 + 4 + 2 + 66) / 4));
});

it.each([
  ["/api/show", { model: "  " }, 400, { error: "model is required" }],
  ["/api/generate", { model: "  " }, 404, { error: "model '  ' not found" }],
  ["/api/embed", { model: " " }, 404, { error: "model ' ' not found" }],
  ["/api/show", { model: "a\u0000" }, 400, { error: "invalid model name" }],
  ["/api/copy", { source: "a\u0000", destination: "b" }, 400, { error: 'source "a\\x00" is invalid' }],
  ["/api/generate", { model: "m", images: ["x"] }, 400, { error: "illegal base64 data at input byte 0" }],
  [
    "/api/generate",
    { model: "m", images: ["aGVs\nbG8"] },
    400,
    { error: "illegal base64 data at input byte 5" },
  ],
  [
    "/api/generate",
    { model: "m", images: ["aGVsbG8=x"] },
    400,
    { error: "illegal base64 data at input byte 8" },
  ],
])("%s refuses %j with Ollama's words", async (path, body, status, reply) => {
  await using test = await openServer();
  const response = await test.post(path, body);
  expect([response.status, await json(response)]).toEqual([status, reply]);
});
