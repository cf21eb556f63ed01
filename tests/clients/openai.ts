import OpenAI, { toFile } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { expect, it } from "vitest";
import * as z from "zod";
import { clientModels } from "../support/client-server.ts";
import { france, person, personSchema, png, weather, weatherTool } from "./questions.ts";

const { chat: model, base, embed } = clientModels;
const tools = [{ type: "function" as const, function: weatherTool }];
const short = { model, messages: france, temperature: 0, max_tokens: 12 };

/** OpenAI's client: chat completions, completions, embeddings, models and responses. */
export function openaiCases(url: () => string): void {
  const client = () => new OpenAI({ baseURL: `${url()}/v1`, apiKey: "unused", maxRetries: 0 });

  it("chats, whole and streamed, with the same text and usage", async () => {
    const whole = await client().chat.completions.create(short);
    expect(whole.choices[0]?.message.content).toContain("Paris");
    const stream = await client().chat.completions.create({
      ...short,
      stream: true,
      stream_options: { include_usage: true },
    });
    let streamed = "";
    let usage: unknown;
    for await (const chunk of stream) {
      streamed += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    expect(streamed).toBe(whole.choices[0]?.message.content);
    expect(usage).toMatchObject({ completion_tokens: whole.usage?.completion_tokens });
  });

  it("takes content as parts, stop texts, a seed and several choices, and tells log-probabilities", async () => {
    const answer = await client().chat.completions.create({
      model,
      messages: [{ role: "user", content: [{ type: "text", text: "Count: one two three" }] }],
      max_completion_tokens: 8,
      n: 2,
      seed: 1,
      logprobs: true,
      top_logprobs: 2,
    });
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(answer.choices[0]?.logprobs?.content?.[0]).toMatchObject({
      logprob: expect.any(Number),
      top_logprobs: [{ token: expect.any(String) }, { token: expect.any(String) }],
    });
    const stopped = await client().chat.completions.create({ ...short, stop: ["Paris"] });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop" });
    expect(stopped.choices[0]?.message.content).not.toContain("Paris");
  });

  it("calls a tool and answers from its result", async () => {
    const asked = await client().chat.completions.create({ model, messages: weather, tools, temperature: 0 });
    const [choice] = asked.choices;
    expect(choice).toMatchObject({ finish_reason: "tool_calls" });
    const [call] = choice?.message.tool_calls ?? [];
    expect(call).toMatchObject({ type: "function", function: { name: "get_weather" } });
    if (choice === undefined || call === undefined) return;
    const answered = await client().chat.completions.create({
      model,
      messages: [
        ...weather,
        choice.message,
        { role: "tool", tool_call_id: call.id, content: "21 degrees, sunny" },
      ],
      temperature: 0,
      max_tokens: 30,
    });
    expect(answered.choices[0]?.message.content).toContain("21");
  });

  it("puts streamed tool calls together, and is made to call one by name", async () => {
    const stream = client().chat.completions.stream({
      model,
      messages: france,
      temperature: 0,
      tools,
      tool_choice: { type: "function", function: { name: "get_weather" } },
    });
    const [call] = (await stream.finalMessage()).tool_calls ?? [];
    expect(call).toMatchObject({ function: { name: "get_weather" } });
    const { arguments: text } = call?.type === "function" ? call.function : { arguments: "" };
    expect(JSON.parse(text)).toMatchObject({ city: expect.any(String) });
    const without = await client().chat.completions.create({
      ...short,
      messages: weather,
      tools,
      tool_choice: "none",
    });
    expect(without.choices[0]?.message.tool_calls).toBeUndefined();
  });

  it("keeps to strict schemas, also those its Zod helper makes", async () => {
    const answer = await client().chat.completions.create({
      model,
      messages: person,
      temperature: 0,
      response_format: {
        type: "json_schema",
        json_schema: { name: "person", strict: true, schema: personSchema },
      },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toEqual({ name: "Ada", age: 36 });
    const parsed = await client().chat.completions.parse({
      model,
      messages: person,
      temperature: 0,
      response_format: zodResponseFormat(z.object({ name: z.string(), age: z.number().int() }), "person"),
    });
    expect(parsed.choices[0]?.message.parsed).toEqual({ name: "Ada", age: 36 });
  });

  it("completes text, streamed and with an echo", async () => {
    const plain = { model: base, prompt: "1 2 3 4", max_tokens: 6, temperature: 0 };
    const whole = await client().completions.create(plain);
    expect(whole.choices[0]).toMatchObject({ finish_reason: "length" });
    let streamed = "";
    for await (const chunk of await client().completions.create({ ...plain, stream: true }))
      streamed += chunk.choices[0]?.text ?? "";
    expect(streamed).toBe(whole.choices[0]?.text);
    const echoed = await client().completions.create({ ...plain, echo: true });
    expect(echoed.choices[0]?.text).toBe(`1 2 3 4${streamed}`);
  });

  it("gives vectors as numbers and, as it asks by itself, in base64", async () => {
    const input = ["hello world", "the quick fox"];
    const packed = await client().embeddings.create({ model: embed, input });
    const plain = await client().embeddings.create({ model: embed, input, encoding_format: "float" });
    expect(packed.data).toHaveLength(2);
    const [first = []] = packed.data.map(({ embedding }) => embedding);
    for (const [index, value] of (plain.data[0]?.embedding ?? []).entries())
      expect(first[index]).toBeCloseTo(value, 5);
    const cut = await client().embeddings.create({ model: embed, input: "hello", dimensions: 8 });
    expect(cut.data[0]?.embedding).toHaveLength(8);
  });

  it("lists and retrieves models", async () => {
    expect((await client().models.list()).data.map(({ id }) => id)).toEqual(
      expect.arrayContaining([model, base]),
    );
    expect(await client().models.retrieve(base)).toMatchObject({ id: base, object: "model" });
  });

  it("responds, streams the events of a response in order, and goes on from a stored one", async () => {
    const first = await client().responses.create({
      model,
      input: "My name is Ada. Say hello to me.",
      max_output_tokens: 24,
      temperature: 0,
      store: true,
    });
    expect(first).toMatchObject({ object: "response", status: expect.any(String) });
    expect(first.output_text).toMatch(/\S/);
    const second = await client().responses.create({
      model,
      previous_response_id: first.id,
      input: "What is my name? One word.",
      max_output_tokens: 12,
      temperature: 0,
    });
    expect(second.output_text).toContain("Ada");
    const types: string[] = [];
    const asked = { model, input: "Say hello.", max_output_tokens: 8, temperature: 0 };
    for await (const event of await client().responses.create({ ...asked, stream: true }))
      if (types.at(-1) !== event.type) types.push(event.type);
    expect(types).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      expect.stringMatching(/^response\.(completed|incomplete)$/),
    ]);
  });

  it("calls tools and keeps to schemas in responses", async () => {
    const called = await client().responses.create({
      model,
      input: "What is the weather in Paris?",
      tools: [{ type: "function", strict: false, ...weatherTool }],
      tool_choice: "required",
      temperature: 0,
    });
    const call = called.output.find((item) => item.type === "function_call");
    expect(call).toMatchObject({ name: "get_weather", call_id: expect.stringMatching(/./) });
    const answered = await client().responses.create({
      model,
      input: [
        { role: "user", content: "What is the weather in Paris?" },
        ...(call === undefined ? [] : [call]),
        { type: "function_call_output", call_id: call?.call_id ?? "", output: "21 degrees, sunny" },
      ],
      max_output_tokens: 30,
      temperature: 0,
    });
    expect(answered.output_text).toContain("21");
    const structured = await client().responses.create({
      model,
      input: "Ada is 36 years old. Who is she?",
      temperature: 0,
      text: { format: { type: "json_schema", name: "person", strict: true, schema: personSchema } },
    });
    expect(JSON.parse(structured.output_text)).toEqual({ name: "Ada", age: 36 });
  });

  it("stops when it is told to, while the answer is coming", async () => {
    const stream = await client().chat.completions.create({ ...short, max_tokens: 500, stream: true });
    for await (const _ of stream) stream.controller.abort();
    expect((await client().chat.completions.create(short)).choices).toHaveLength(1);
  });

  it("is told what is wrong by its own error classes", async () => {
    const { chat, embeddings, audio } = client();
    await expect(chat.completions.create({ ...short, model: "nope" })).rejects.toBeInstanceOf(
      OpenAI.NotFoundError,
    );
    const picture = { type: "image_url" as const, image_url: { url: `data:image/png;base64,${png}` } };
    await expect(
      chat.completions.create({ ...short, messages: [{ role: "user", content: [picture] }] }),
    ).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(chat.completions.create({ ...short, messages: [] })).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    );
    await expect(
      chat.completions.create({
        ...short,
        response_format: {
          type: "json_schema",
          json_schema: { name: "bad", schema: { type: "no-such-type" } },
        },
      }),
    ).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(embeddings.create({ model: base, input: "x" })).rejects.toMatchObject({ status: 501 });
    const file = await toFile(Buffer.from("RIFF"), "speech.wav");
    await expect(audio.transcriptions.create({ model, file })).rejects.toBeInstanceOf(OpenAI.APIError);
  });
}
