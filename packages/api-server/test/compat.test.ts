import { describe, expect, it } from "vitest";
import { openTemplatedServer, type TemplatedServer } from "./support/templated-server.ts";

const messages = [{ role: "user", content: "hi" }];
const tools = ["f", "g"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: { a: { type: "integer" } } } },
}));
const call = '{"name":"f","arguments":{"a":1}}';

/** What the asserted fields of all families' replies look like; each reply has some of them. */
interface Reply {
  readonly id: string;
  readonly choices: readonly {
    readonly index: number;
    readonly text: string;
    readonly delta: unknown;
    readonly finish_reason: string | null;
    readonly message: {
      readonly content: string;
      readonly tool_calls: readonly { readonly function: unknown }[];
    };
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly results: readonly unknown[];
  readonly tokens: readonly number[];
  readonly sequence_number: number;
}

const template =
  '{{ range .Messages }}<|{{ .Role }}|>{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}</tool_call>{{ end }}\n{{ end }}{{ .Tools }}<|assistant|>';

/** `m` has no template; `t` has tools and thinking. */
function openServer(pieces: readonly string[] = ["Hello", " world"]): Promise<TemplatedServer> {
  return openTemplatedServer(pieces, { template });
}

async function replyOf(response: Response): Promise<Reply> {
  return (await response.json()) as Reply;
}

async function eventsOf(response: Response): Promise<{ event?: string; data: Reply }[]> {
  const blocks = (await response.text()).split("\n\n").filter((block) => block !== "");
  return blocks.map((block) => {
    const event = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1] ?? "";
    return { ...(event !== undefined && { event }), data: data === "[DONE]" ? data : JSON.parse(data) };
  });
}

describe("OpenAI chat completions", () => {
  it("answers n times and counts the prompt once", async () => {
    await using test = await openServer();
    const reply = await replyOf(await test.post("/v1/chat/completions", { model: "m", messages, n: 2 }));
    expect(reply.choices.map((choice) => [choice.index, choice.message.content])).toEqual([
      [0, "Hello world"],
      [1, "Hello world"],
    ]);
    expect(reply.usage.completion_tokens).toBe(22);
    expect(reply.usage.prompt_tokens).toBe(52);
  });

  it("streams role, content, finish, usage and the end mark in this order", async () => {
    await using test = await openServer();
    const response = await test.post("/v1/chat/completions", {
      model: "m",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const events = await eventsOf(response);
    expect(events.slice(0, 3).map(({ data }) => data.choices[0]?.delta)).toEqual([
      { role: "assistant", content: "Hello" },
      { content: " world" },
      {},
    ]);
    expect(events[3]?.data).toMatchObject({ choices: [], usage: { prompt_tokens: 52 } });
    expect(events[4]?.data).toBe("[DONE]");
  });

  it("enforces a required tool call with a grammar", async () => {
    await using test = await openServer([call]);
    const response = await test.post("/v1/chat/completions", {
      model: "t",
      messages,
      tools,
      tool_choice: "required",
    });
    const reply = await replyOf(response);
    expect(reply.choices[0]?.finish_reason).toBe("tool_calls");
    expect(reply.choices[0]?.message.tool_calls[0]?.function).toEqual({ name: "f", arguments: '{"a":1}' });
    const sent = test.requests.at(-1);
    expect(sent?.grammar).toContain("root ::=");
  });

  it("enforces calls of tools whose schemas refer to parts of themselves, each to its own", async () => {
    await using test = await openServer([call]);
    const tool = (name: string, part: object) => ({
      type: "function",
      function: { name, parameters: { properties: { a: { $ref: "#/$defs/Part" } }, $defs: { Part: part } } },
    });
    const response = await test.post("/v1/chat/completions", {
      model: "t",
      messages,
      tools: [tool("f", { const: "of f" }), tool("g", { const: "of g" })],
      tool_choice: "required",
    });
    expect(response.status).toBe(200);
    expect(test.requests.at(-1)?.grammar).toContain("of f");
    expect(test.requests.at(-1)?.grammar).toContain("of g");
  });

  it("refuses to force a tool that was not given", async () => {
    await using test = await openServer();
    const tool_choice = { type: "function", function: { name: "h" } };
    const response = await test.post("/v1/chat/completions", { model: "t", messages, tools, tool_choice });
    expect(response.status).toBe(400);
  });

  it("hides tools that may not be called", async () => {
    await using test = await openServer();
    const body = { model: "m", messages, tools, tool_choice: "none" };
    expect((await test.post("/v1/chat/completions", body)).status).toBe(200);
  });

  it("keeps the first call where several may not be made", async () => {
    await using test = await openServer([`<tool_call>${call}</tool_call>`, `<tool_call>${call}</tool_call>`]);
    const body = { model: "t", messages, tools };
    const several = await replyOf(await test.post("/v1/chat/completions", body));
    expect(several.choices[0]?.message.tool_calls).toHaveLength(2);
    const one = await replyOf(
      await test.post("/v1/chat/completions", { ...body, parallel_tool_calls: false }),
    );
    expect(one.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  it("says which part of a schema is wrong", async () => {
    await using test = await openServer();
    const json_schema = { name: "x", strict: true, schema: { type: 5 } };
    const response = await test.post("/v1/chat/completions", {
      model: "m",
      messages,
      response_format: { type: "json_schema", json_schema },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });
});

describe("OpenAI completions", () => {
  it("echoes, repeats, and takes several prompts as text and tokens", async () => {
    await using test = await openServer();
    const texts = async (body: object) => {
      const reply = await replyOf(await test.post("/v1/completions", { model: "m", echo: true, ...body }));
      return [reply.choices.map((choice) => choice.text), reply.usage.prompt_tokens];
    };
    expect(await texts({ prompt: "hi", n: 2 })).toEqual([["hiHello world", "hiHello world"], 2]);
    expect(await texts({ prompt: ["a", "bc"] })).toEqual([["aHello world", "bcHello world"], 3]);
    expect(await texts({ prompt: [[104], [105, 106]] })).toEqual([["hHello world", "ijHello world"], 3]);
  });
});

describe("OpenAI responses", () => {
  it("goes on from a stored response", async () => {
    await using test = await openServer();
    const first = await replyOf(await test.post("/v1/responses", { model: "t", input: "one", store: true }));
    expect((await test.server.request(`/v1/responses/${first.id}`)).status).toBe(200);
    await test.post("/v1/responses", { model: "t", input: "two", previous_response_id: first.id });
    expect(test.requests.at(-1)?.prompt).toMatch(/one[\s\S]*Hello world[\s\S]*two/);
    expect((await test.server.request(`/v1/responses/${first.id}`, { method: "DELETE" })).status).toBe(200);
    const lost = await test.post("/v1/responses", { model: "t", input: "x", previous_response_id: first.id });
    expect(lost.status).toBe(404);
  });

  it("numbers the events of a stream and ends with the whole response", async () => {
    await using test = await openServer();
    const events = await eventsOf(
      await test.post("/v1/responses", { model: "m", input: "hi", stream: true }),
    );
    expect(events.map(({ event }) => event)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map(({ data }) => data.sequence_number)).toEqual(events.map((_, index) => index));
  });
});

describe("Anthropic messages", () => {
  it("streams blocks between start and stop", async () => {
    await using test = await openServer(["<think>", "hm", "</think>", "Hello"]);
    const body = { model: "t", max_tokens: 100, messages, stream: true, thinking: { type: "enabled" } };
    const events = await eventsOf(await test.post("/v1/messages", body));
    expect(events.map(({ event }) => event)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  it("ends thinking that used up its budget", async () => {
    await using test = await openServer(["<think>", "a", "b", "c", "d", "</think>", "Hello"]);
    const thinking = { type: "enabled", budget_tokens: 2 };
    await test.post("/v1/messages", { model: "t", max_tokens: 100, messages, thinking });
    expect(test.requests.at(-1)?.prompt).toContain("<think>ab</think>");
  });

  it("says so where the model cannot think", async () => {
    await using test = await openServer();
    const response = await test.post("/v1/messages", {
      model: "m",
      max_tokens: 9,
      messages,
      thinking: { type: "enabled", budget_tokens: 1024 },
    });
    expect(response.headers.get("x-puna-warnings")).toContain("thinking");
    expect(await response.json()).toMatchObject({ stop_reason: "max_tokens" });
  });

  it("refuses tools whose properties are no schemas", async () => {
    await using test = await openServer();
    const input_schema = { properties: [true, null] };
    const body = { model: "t", max_tokens: 9, messages, tools: [{ name: "f", input_schema }] };
    expect((await test.post("/v1/messages", body)).status).toBe(400);
  });

  it("counts tokens without generating", async () => {
    await using test = await openServer();
    const response = await test.post("/v1/messages/count_tokens", { model: "m", messages });
    expect(await response.json()).toEqual({ input_tokens: 52 });
  });
});

describe("routes of puna's own", () => {
  it("turns text to tokens and back", async () => {
    await using test = await openServer();
    const { tokens } = await replyOf(await test.post("/api/tokenize", { model: "m", content: "hi" }));
    expect(await (await test.post("/api/detokenize", { model: "m", tokens })).json()).toEqual({
      content: "hi",
    });
  });

  it("names the field that is missing", async () => {
    await using test = await openServer();
    const response = await test.post("/api/tokenize", { model: "m" });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toMatch(/^content: /);
  });

  it("shows the prompt of a conversation", async () => {
    await using test = await openServer();
    const response = await test.post("/api/apply-template", { model: "t", messages });
    expect(await response.json()).toEqual({ prompt: expect.stringContaining("<|user|>hi") });
  });

  it("ranks documents in the shapes of Jina and Cohere", async () => {
    await using test = await openServer();
    const body = { model: "m", query: "q", documents: ["a", "b"] };
    const jina = await replyOf(await test.post("/v1/rerank", body));
    expect(jina.results).toHaveLength(2);
    const cohere = await replyOf(await test.post("/v2/rerank", { ...body, top_n: 1 }));
    expect(cohere.results).toHaveLength(1);
  });
});
