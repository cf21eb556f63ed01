import { embedMany, embed as embedOne, generateText, isStepCount, Output, streamText, tool } from "ai";
import { createOllama } from "ollama-ai-provider-v2";
import { expect, it } from "vitest";
import * as z from "zod";
import { clientModels } from "../support/client-server.ts";
import { png } from "./questions.ts";

const { chat, base, embed } = clientModels;
const capital = "What is the capital of France?";

/** Vercel's AI SDK with a provider for Ollama that others maintain. */
export function aiSdkCases(url: () => string): void {
  const provider = () => createOllama({ baseURL: `${url()}/api` });
  const model = () => provider()(chat);
  const settings = { maxRetries: 0, maxOutputTokens: 40, temperature: 0 };
  const tools = () => ({
    get_weather: tool({
      description: "The weather in a city right now",
      inputSchema: z.object({ city: z.string().describe("Name of the city") }),
      execute: async ({ city }) => `21 degrees and sunny in ${city}`,
    }),
  });

  it("generates text, whole and streamed, with the same result and usage", async () => {
    const whole = await generateText({ ...settings, model: model(), prompt: capital });
    expect(whole.text).toContain("Paris");
    const stream = streamText({ ...settings, model: model(), prompt: capital });
    let streamed = "";
    for await (const part of stream.textStream) streamed += part;
    expect(streamed).toBe(whole.text);
    expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens);
    expect(await stream.finishReason).toBe(whole.finishReason);
  });

  it("calls a tool, runs it, and goes on from its result", async () => {
    const prompt = "What is the weather in Paris?";
    const { steps, text } = await generateText({
      ...settings,
      model: model(),
      tools: tools(),
      prompt,
      stopWhen: isStepCount(2),
    });
    expect(steps[0]?.toolCalls).toMatchObject([{ toolName: "get_weather", input: { city: "Paris" } }]);
    expect(text).toContain("21");
    const stream = streamText({ ...settings, model: model(), tools: tools(), prompt });
    const calls = await stream.toolCalls;
    expect(calls).toMatchObject([{ toolName: "get_weather", input: { city: "Paris" } }]);
  });

  it("gets objects of a schema", async () => {
    const { output } = await generateText({
      ...settings,
      model: model(),
      prompt: "Ada is 36 years old. Who is she?",
      output: Output.object({ schema: z.object({ name: z.string(), age: z.number().int() }) }),
    });
    expect(output).toEqual({ name: "Ada", age: 36 });
  });

  it("embeds one text and many", async () => {
    const embedder = provider().embedding(embed);
    const { embedding } = await embedOne({ model: embedder, value: "hello world" });
    const { embeddings } = await embedMany({
      model: embedder,
      values: ["hello world", "the quick fox"],
    });
    expect(embeddings).toHaveLength(2);
    expect(embeddings[0]).toHaveLength(embedding.length);
  });

  it("is told what is wrong by status", async () => {
    const asked = { ...settings, prompt: capital };
    await expect(generateText({ ...asked, model: provider()("nope") })).rejects.toMatchObject({
      statusCode: 404,
    });
    await expect(generateText({ ...asked, model: provider()(base), tools: tools() })).rejects.toMatchObject({
      statusCode: 400,
    });
    await expect(
      generateText({
        ...settings,
        model: model(),
        messages: [{ role: "user", content: [{ type: "file", mediaType: "image/png", data: png }] }],
      }),
    ).rejects.toMatchObject({ statusCode: 400 });
  });
}
