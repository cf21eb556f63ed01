import { APICallError, embed, embedMany, generateText, NoSuchModelError, streamText } from "ai";
import { describe, expect, it } from "vitest";
import { createPunaProvider, puna } from "../src/index.ts";
import { openScriptedServer, type Way } from "./support/scripted-server.ts";

const ways: readonly Way[] = ["over HTTP", "in-process"];

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = [];
  for await (const item of items) array.push(item);
  return array;
}

describe.each(ways)("%s", (way) => {
  it("generateText gives text, finish reason and usage", async () => {
    await using world = await openScriptedServer(way, [["Hello", " world"]]);
    const result = await generateText({ model: world.provider("m"), prompt: "Hi" });
    expect(result.text).toBe("Hello world");
    expect(result.finishReason).toBe("stop");
    expect(result.usage).toMatchObject({ inputTokens: 2, outputTokens: 11, totalTokens: 13 });
    expect(result.response.modelId).toBe("m");
    expect(result.warnings ?? []).toEqual([]);
  });

  it("streamText gives the pieces as they come, then the same facts", async () => {
    await using world = await openScriptedServer(way, [["Hel", "lo"]]);
    const result = streamText({ model: world.provider("m"), prompt: "Hi" });
    expect(await toArray(result.textStream)).toEqual(["Hel", "lo"]);
    expect(await result.finishReason).toBe("stop");
    expect(await result.usage).toMatchObject({ inputTokens: 2, outputTokens: 5 });
  });

  it("keeps thinking apart from text, whole and streamed", async () => {
    await using world = await openScriptedServer(way, [["<think>", "Let me", " see", "</think>", "42"]]);
    const model = world.provider("t");
    const whole = await generateText({ model, prompt: "Hi", reasoning: "low" });
    expect([whole.reasoningText, whole.text]).toEqual(["Let me see", "42"]);
    expect(world.sent.at(-1)).toMatchObject({ think: "low" });

    const parts = await toArray(streamText({ model, prompt: "Hi", reasoning: "medium" }).fullStream);
    const kinds = parts.map(({ type }) => type).filter((type) => /^(text|reasoning)-/.test(type));
    expect([...new Set(kinds)]).toEqual([
      "reasoning-start",
      "reasoning-delta",
      "reasoning-end",
      "text-start",
      "text-delta",
      "text-end",
    ]);
  });

  it("says when an answer was cut at its limit", async () => {
    await using world = await openScriptedServer(way, [{ pieces: ["Hel"], reason: "length" }]);
    const result = await generateText({ model: world.provider("m"), prompt: "Hi", maxOutputTokens: 3 });
    expect(result.finishReason).toBe("length");
    expect(world.calls[0]?.request.maxTokens).toBe(3);
  });

  it("an abort ends the stream, and with it the work of the server", async () => {
    const pieces = [{ text: "one" }, { text: "two", delayMs: 60_000 }];
    await using world = await openScriptedServer(way, [{ pieces }, ["free"]]);
    const controller = new AbortController();
    const model = world.provider("m");
    const result = streamText({ model, prompt: "Hi", abortSignal: controller.signal });
    const types: string[] = [];
    for await (const part of result.fullStream) {
      types.push(part.type);
      if (part.type === "text-delta") controller.abort();
    }
    expect(types).toContain("abort");
    expect(types).not.toContain("error");
    // The one slot of the engine is free again at once, long before the second piece was due.
    expect((await generateText({ model, prompt: "Hi" })).text).toBe("free");
  });

  it("a cancelled stream ends the work of the server too", async () => {
    const pieces = [{ text: "one" }, { text: "two", delayMs: 60_000 }];
    await using world = await openScriptedServer(way, [{ pieces }, ["free"]]);
    const model = world.provider("m");
    const { stream } = await model.doStream({
      prompt: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    });
    const reader = stream.getReader();
    const types: string[] = [];
    while (!types.includes("text-delta")) types.push((await reader.read()).value?.type ?? "end");
    await reader.cancel();
    expect(types).toEqual(["stream-start", "response-metadata", "text-start", "text-delta"]);
    expect((await generateText({ model, prompt: "Hi" })).text).toBe("free");
  });

  it("an abort fails generateText with the reason of the signal", async () => {
    await using world = await openScriptedServer(way, [{ pieces: [{ text: "one", delayMs: 60_000 }] }]);
    const abortSignal = AbortSignal.timeout(50);
    await expect(
      generateText({ model: world.provider("m"), prompt: "Hi", abortSignal }),
    ).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("embed and embedMany give one vector a text, and the tokens", async () => {
    await using world = await openScriptedServer(way, [[]]);
    const model = world.provider.embeddingModel("e");
    const one = await embed({ model, value: "abc" });
    expect(one.embedding).toHaveLength(3);
    expect(Math.hypot(...one.embedding)).toBeCloseTo(1);
    expect(one.usage.tokens).toBe(3);
    const values = Array.from({ length: 300 }, (_, at) => "x".repeat((at % 7) + 1));
    const many = await embedMany({ model, values });
    expect(many.embeddings).toHaveLength(300);
    expect(many.embeddings[7]).toEqual(many.embeddings[0]);
    // 128 a request, and the one of `embed`.
    expect(world.sent).toHaveLength(4);
  });
});

it("an unknown model is an APICallError with the server's text, whole and streamed, and is not tried again", async () => {
  await using world = await openScriptedServer("in-process", [[]]);
  const failure = await generateText({ model: world.provider("nope"), prompt: "Hi" }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ statusCode: 404, message: "model 'nope' not found", isRetryable: false });
  expect(APICallError.isInstance(failure)).toBe(true);
  expect(world.sent).toHaveLength(1);

  const errors: unknown[] = [];
  const model = world.provider("nope");
  const result = streamText({ model, prompt: "Hi", onError: ({ error }) => void errors.push(error) });
  await result.consumeStream();
  expect(errors[0]).toMatchObject({ statusCode: 404 });
});

it("an error in the middle of a stream is told in it", async () => {
  const end = { code: "RUNNER_CRASHED", message: "gone" } as const;
  await using world = await openScriptedServer("in-process", [{ pieces: ["Hel"], end }]);
  const onError = () => {};
  const parts = await toArray(streamText({ model: world.provider("m"), prompt: "Hi", onError }).fullStream);
  expect(parts.map(({ type }) => type)).toEqual(expect.arrayContaining(["text-delta", "error"]));
});

it("a server that is not there is an error worth trying again", async () => {
  const absent = createPunaProvider({ host: "http://127.0.0.1:1" });
  await expect(generateText({ model: absent("m"), prompt: "Hi", maxRetries: 0 })).rejects.toMatchObject({
    isRetryable: true,
    cause: { code: "CONNECTION_FAILED" },
  });
});

it("makes no pictures", () => {
  expect(() => puna.imageModel("m")).toThrow(NoSuchModelError);
});
