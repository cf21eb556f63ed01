import { generateText, streamText } from "ai";
import { expect, it } from "vitest";
import { createPunaProvider } from "../src/index.ts";
import { openScriptedServer } from "./support/scripted-server.ts";

/** Answers every chat with `ok`, and keeps what was sent. */
function recorder() {
  const sent: Record<string, unknown>[] = [];
  const provider = createPunaProvider({
    keepAlive: "1h",
    fetch: async (_input, init) => {
      sent.push(JSON.parse(String(init?.body)));
      return Response.json({
        model: "m",
        created_at: "2026-01-02T03:04:05Z",
        message: { role: "assistant", content: "ok" },
        done: true,
        done_reason: "stop",
      });
    },
  });
  return { sent, provider };
}

it("settings of the AI SDK become options by the names of the wire", async () => {
  const { sent, provider } = recorder();
  await generateText({
    model: provider("m"),
    instructions: "Be brief.",
    prompt: "Hi",
    maxOutputTokens: 5,
    temperature: 0.5,
    topP: 0.9,
    topK: 7,
    presencePenalty: 0.1,
    frequencyPenalty: 0.2,
    seed: 1,
    stopSequences: ["END"],
  });
  expect(sent).toEqual([
    {
      model: "m",
      stream: true,
      keep_alive: "1h",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
      options: {
        num_predict: 5,
        temperature: 0.5,
        top_p: 0.9,
        top_k: 7,
        presence_penalty: 0.1,
        frequency_penalty: 0.2,
        seed: 1,
        stop: ["END"],
      },
    },
  ]);
});

it("settings of the model hold for all its calls, provider options for one", async () => {
  const { sent, provider } = recorder();
  const model = provider("m", { keepAlive: -1, think: false, options: { num_ctx: 8192, min_p: 0.1 } });
  await generateText({ model, prompt: "Hi" });
  await generateText({
    model,
    prompt: "Hi",
    providerOptions: {
      puna: { keepAlive: 0, think: "high", truncate: false, shift: false, options: { min_p: 0.2 } },
    },
  });
  expect(sent[0]).toMatchObject({ keep_alive: -1, think: false, options: { num_ctx: 8192, min_p: 0.1 } });
  expect(sent[1]).toMatchObject({
    keep_alive: 0,
    think: "high",
    truncate: false,
    shift: false,
    options: { num_ctx: 8192, min_p: 0.2 },
  });
});

it("a context size given as provider option reaches the loaded model", async () => {
  await using world = await openScriptedServer("in-process", [["ok"]]);
  const providerOptions = { puna: { options: { num_ctx: 1024 } } };
  await generateText({ model: world.provider("m"), prompt: "Hi", providerOptions });
  expect(world.calls[0]?.spec.load).toMatchObject({ contextTokens: 1024 });
});

it("effort none turns thinking off; the default leaves it to the model", async () => {
  const { sent, provider } = recorder();
  await generateText({ model: provider("m"), prompt: "Hi", reasoning: "none" });
  await generateText({ model: provider("m"), prompt: "Hi", reasoning: "max" });
  await generateText({ model: provider("m"), prompt: "Hi", reasoning: "provider-default" });
  expect(sent.map(({ think }) => think)).toEqual([false, "max", undefined]);
});

it("pictures and sounds travel as base64, text files as text", async () => {
  const { sent, provider } = recorder();
  await generateText({
    model: provider("m"),
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "file", data: new Uint8Array([137, 80, 78, 71]), mediaType: "image/png" },
          { type: "file", data: "UklGRg==", mediaType: "audio/wav" },
          { type: "file", data: new TextEncoder().encode("grüezi"), mediaType: "text/plain" },
        ],
      },
    ],
  });
  expect(sent[0]?.["messages"]).toEqual([
    { role: "user", content: "What is this?\ngrüezi", images: ["iVBORw==", "UklGRg=="] },
  ]);
});

it("a file that no message can hold is refused before anything is sent", async () => {
  const { sent, provider } = recorder();
  await expect(
    generateText({
      model: provider("m"),
      messages: [
        {
          role: "user",
          content: [{ type: "file", data: new Uint8Array(1), mediaType: "application/pdf" }],
        },
      ],
    }),
  ).rejects.toThrow("files of type application/pdf");
  expect(sent).toEqual([]);
});

it("what cannot be said to the server is a warning, whole and streamed", async () => {
  const { sent, provider } = recorder();
  const call = {
    model: provider("m"),
    prompt: "Hi",
    providerOptions: { puna: { colour: "red" } },
  } as const;
  const expected = [{ type: "unsupported", feature: "providerOptions.puna.colour" }];
  expect((await generateText(call)).warnings).toEqual(expected);
  expect(await streamText(call).warnings).toEqual(expected);
  expect(sent[0]).not.toHaveProperty("colour");
  const direct = await provider("m").doGenerate({
    prompt: [],
    tools: [{ type: "provider", id: "other.search", name: "search", args: {} }],
  });
  expect(direct.warnings).toEqual([{ type: "unsupported", feature: "provider-defined tool other.search" }]);
});

it("headers of a call reach the server", async () => {
  await using world = await openScriptedServer("over HTTP", [["ok"]]);
  await generateText({ model: world.provider("m"), prompt: "Hi", headers: { "x-request-id": "7" } });
  expect(world.headers[0]?.get("x-request-id")).toBe("7");
});

it("raw pieces are given on request", async () => {
  const { provider } = recorder();
  const result = streamText({ model: provider("m"), prompt: "Hi", includeRawChunks: true });
  const raw: unknown[] = [];
  for await (const part of result.fullStream) if (part.type === "raw") raw.push(part.rawValue);
  expect(raw).toMatchObject([{ message: { content: "ok" }, done: true }]);
});
