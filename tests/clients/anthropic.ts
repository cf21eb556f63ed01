import Anthropic from "@anthropic-ai/sdk";
import { expect, it } from "vitest";
import { clientModels } from "../support/client-server.ts";
import { france, png, weather, weatherTool } from "./questions.ts";

const { chat: model, base } = clientModels;
const tools: Anthropic.Tool[] = [
  {
    name: weatherTool.name,
    description: weatherTool.description,
    input_schema: weatherTool.parameters,
  },
];
const short = { model, messages: france, max_tokens: 12, temperature: 0 };

/** Anthropic's client: messages, their events, tokens and models. */
export function anthropicCases(url: () => string): void {
  const client = () => new Anthropic({ baseURL: url(), apiKey: "unused", maxRetries: 0 });

  it("sends messages, whole and streamed, with the same content and usage", async () => {
    const whole = await client().messages.create(short);
    expect(whole).toMatchObject({ type: "message", role: "assistant", model });
    const streamed = await client().messages.stream(short).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(streamed.stop_reason).toBe(whole.stop_reason);
    const cut = await client().messages.create({ ...short, max_tokens: 3 });
    expect(cut).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 3 } });
  });

  it("takes a system text, content blocks and stop sequences", async () => {
    const answer = await client().messages.create({
      ...short,
      system: [{ type: "text", text: "Answer with one word." }],
      messages: [{ role: "user", content: [{ type: "text", text: "What is the capital of France?" }] }],
      stop_sequences: ["ris"],
    });
    expect(answer).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "ris" });
  });

  it("calls a tool and answers from its result", async () => {
    const asked = await client().messages.create({ ...short, messages: weather, tools, max_tokens: 60 });
    expect(asked.stop_reason).toBe("tool_use");
    const call = asked.content.find((block) => block.type === "tool_use");
    expect(call).toMatchObject({ name: "get_weather", input: { city: "Paris" } });
    const answered = await client().messages.create({
      ...short,
      messages: [
        ...weather,
        { role: "assistant", content: asked.content },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "21 degrees, sunny" }],
        },
      ],
      tools,
      max_tokens: 30,
    });
    expect(JSON.stringify(answered.content)).toContain("21");
  });

  it("streams the call of a tool that it is made to use, with its input in pieces of JSON", async () => {
    const types: string[] = [];
    let json = "";
    const stream = client().messages.stream({
      ...short,
      tools,
      tool_choice: { type: "tool", name: "get_weather" },
      max_tokens: 60,
    });
    stream.on("streamEvent", (event) => {
      if (types.at(-1) !== event.type) types.push(event.type);
      if (event.type === "content_block_delta" && event.delta.type === "input_json_delta")
        json += event.delta.partial_json;
    });
    const message = await stream.finalMessage();
    expect(types).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(message).toMatchObject({ stop_reason: "tool_use", content: [{ type: "tool_use" }] });
    expect(message.content[0]).toMatchObject({ name: "get_weather", input: JSON.parse(json) });
  });

  it("counts tokens and lists models", async () => {
    const { input_tokens: tokens } = await client().messages.countTokens({ model, messages: france });
    const { usage } = await client().messages.create(short);
    expect(Math.abs(tokens - usage.input_tokens)).toBeLessThan(10);
    const page = await client().models.list();
    expect(page.data.map(({ id }) => id)).toEqual(expect.arrayContaining([model, base]));
    expect(await client().models.retrieve(base)).toMatchObject({ id: base, type: "model" });
  });

  it("stops when it is told to, while the answer is coming", async () => {
    const stream = client().messages.stream({ ...short, max_tokens: 500 });
    stream.on("text", () => stream.abort());
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    expect((await client().messages.create(short)).content).toHaveLength(1);
  });

  it("is told what is wrong by its own error classes", async () => {
    const { messages } = client();
    await expect(messages.create({ ...short, model: "nope" })).rejects.toBeInstanceOf(
      Anthropic.NotFoundError,
    );
    const image = {
      type: "image" as const,
      source: { type: "base64" as const, media_type: "image/png" as const, data: png },
    };
    await expect(
      messages.create({ ...short, messages: [{ role: "user", content: [image] }] }),
    ).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    await expect(messages.create({ ...short, max_tokens: 0 })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    );
    await expect(messages.create({ ...short, model: base, tools })).rejects.toMatchObject({
      status: 400,
      error: { type: "error", error: { type: "invalid_request_error" } },
    });
  });
}
