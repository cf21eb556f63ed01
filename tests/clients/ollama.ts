import { Ollama } from "ollama";
import { expect, it } from "vitest";
import { clientModels } from "../support/client-server.ts";
import { france, person, personSchema, png, weather, weatherTool } from "./questions.ts";

const { chat: model, base, embed } = clientModels;
const options = { num_predict: 16 };
const tools = [{ type: "function", function: weatherTool }];

/** The client of Ollama itself. */
export function ollamaCases(url: () => string): void {
  const client = () => new Ollama({ host: url() });

  it("chats, whole and streamed, with the same text", async () => {
    const whole = await client().chat({ model, messages: france, options });
    expect(whole).toMatchObject({ done: true, message: { role: "assistant" } });
    expect(whole.message.content).toContain("Paris");
    let streamed = "";
    let last: unknown;
    for await (const part of await client().chat({ model, messages: france, options, stream: true })) {
      streamed += part.message.content;
      last = part;
    }
    expect(streamed).toBe(whole.message.content);
    expect(last).toMatchObject({
      done: true,
      done_reason: whole.done_reason,
      eval_count: whole.eval_count,
    });
  });

  it("calls a tool, streamed too, and answers from its result", async () => {
    const asked = await client().chat({ model, messages: weather, tools });
    const calls = asked.message.tool_calls ?? [];
    expect(calls).toMatchObject([{ function: { name: "get_weather", arguments: { city: "Paris" } } }]);
    const streamed = [];
    for await (const part of await client().chat({ model, messages: weather, tools, stream: true }))
      streamed.push(...(part.message.tool_calls ?? []));
    expect(streamed.map((call) => call.function)).toMatchObject(calls.map((call) => call.function));
    const answered = await client().chat({
      model,
      messages: [
        ...weather,
        asked.message,
        { role: "tool", tool_name: "get_weather", content: "21 degrees, sunny" },
      ],
      options: { num_predict: 30 },
    });
    expect(answered.message.content).toContain("21");
  });

  it("keeps to a schema and to plain JSON", async () => {
    const bySchema = await client().chat({ model, messages: person, format: personSchema });
    expect(JSON.parse(bySchema.message.content)).toEqual({ name: "Ada", age: 36 });
    const asJson = await client().generate({
      model,
      prompt: "Name and age of Ada, who is 36, as JSON:",
      format: "json",
      options: { num_predict: 60 },
    });
    expect(JSON.parse(asJson.response ?? "")).toBeTypeOf("object");
  });

  it("generates, goes on from a context, and works raw", async () => {
    const first = await client().generate({ model: base, prompt: "1 2 3 4" });
    expect(first).toMatchObject({ done: true, done_reason: "length", eval_count: 12 });
    expect(first.context?.length).toBeGreaterThan(12);
    const next = await client().generate({
      model: base,
      prompt: " and then",
      context: first.context ?? [],
    });
    expect(next.prompt_eval_count).toBeGreaterThan(first.prompt_eval_count);
    const raw = await client().generate({ model: base, prompt: "1 2 3 4", raw: true });
    expect(raw.context).toBeUndefined();
    let streamed = "";
    for await (const part of await client().generate({ model: base, prompt: "1 2 3 4", stream: true }))
      streamed += part.response;
    expect(streamed).toBe(first.response);
  });

  it("gives vectors of length one, by both ways of asking", async () => {
    const { embeddings } = await client().embed({ model: embed, input: ["hello world", "the quick fox"] });
    expect(embeddings).toHaveLength(2);
    expect(Math.hypot(...(embeddings[0] ?? []))).toBeCloseTo(1, 4);
    const old = await client().embeddings({ model: embed, prompt: "hello world" });
    expect(old.embedding).toHaveLength(embeddings[0]?.length ?? 0);
  });

  it("lists, shows, copies, deletes and counts what is loaded", async () => {
    const names = (await client().list()).models.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([model, base]));
    expect(await client().show({ model: base })).toMatchObject({
      details: { family: "gemma3", quantization_level: "Q4_K_M" },
      capabilities: ["completion"],
    });
    expect((await client().show({ model })).capabilities).toContain("tools");
    await client().generate({ model: base, prompt: "" });
    expect((await client().ps()).models.map(({ name }) => name)).toContain(base);
    await client().copy({ source: base, destination: "copied" });
    expect((await client().show({ model: "copied" })).details.family).toBe("gemma3");
    await client().delete({ model: "copied" });
    await expect(client().show({ model: "copied" })).rejects.toMatchObject({ status_code: 404 });
  });

  it("creates a model with a system text of its own", async () => {
    const made = await client().create({ model: "formal", from: base, system: "Be formal." });
    expect(made.status).toBe("success");
    expect((await client().show({ model: "formal" })).system).toBe("Be formal.");
    await client().delete({ model: "formal" });
  });

  it("stops when it is told to, while the answer is coming", async () => {
    const talking = client();
    // So much that it cannot have come whole before the first part was looked at.
    const parts = await talking.chat({
      model,
      messages: [{ role: "user", content: "Count from 1 to 500, every number on its own line." }],
      stream: true,
      options: { num_predict: 2000 },
    });
    await expect(
      (async () => {
        for await (const _ of parts) talking.abort();
      })(),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect((await client().chat({ model, messages: france, options })).done).toBe(true);
  });

  it("is told by status what is wrong: no such model, no eyes, no vectors, no tools, a bad option", async () => {
    const asking = client();
    await expect(asking.chat({ model: "nope", messages: france })).rejects.toMatchObject({
      status_code: 404,
      message: "model 'nope' not found",
    });
    const seeing = [{ role: "user", content: "What is this?", images: [png] }];
    await expect(asking.chat({ model, messages: seeing })).rejects.toMatchObject({ status_code: 400 });
    await expect(asking.embed({ model: base, input: "x" })).rejects.toMatchObject({ status_code: 501 });
    await expect(asking.chat({ model: base, messages: weather, tools })).rejects.toMatchObject({
      status_code: 400,
      message: expect.stringContaining("does not support tools"),
    });
    await expect(
      // A number where none belongs, as callers without types send it.
      asking.chat({ model, messages: france, options: JSON.parse('{"num_ctx": "many"}') }),
    ).rejects.toMatchObject({ status_code: 400 });
  });
}
