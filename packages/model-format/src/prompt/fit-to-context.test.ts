import type { Message } from "@puna/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PromptError } from "../errors.ts";
import { type FitOptions, fitToContext } from "./fit-to-context.ts";
import type { Conversation } from "./renderer.ts";
import { rendererFor, rendererNames } from "./renderer-registry.ts";

const render = ({ messages }: Conversation) =>
  messages.map(({ role, content }) => `<${role}>${content}\n`).join("");

function options(
  messages: readonly Message[],
  limitTokens: number,
  more: Partial<FitOptions> = {},
): FitOptions {
  return { conversation: { messages }, limitTokens, render, countTokens: (text) => text.length, ...more };
}

/** Tries every message in turn, as Ollama does. */
function linearScan({ conversation, limitTokens, imageTokens = 0, ...fit }: FitOptions): number {
  const { messages } = conversation;
  for (const start of messages.keys()) {
    const system = messages.slice(0, start).filter(({ role }) => role === "system");
    const kept = messages.slice(start);
    const images = kept.reduce((sum, { images = [] }) => sum + images.length, 0);
    const prompt = fit.render({ ...conversation, messages: [...system, ...kept] });
    if (prompt.length + images * imageTokens <= limitTokens) return start;
  }
  return Math.max(messages.length - 1, 0);
}

const message: fc.Arbitrary<Message> = fc.record({
  role: fc.constantFrom("system", "user", "assistant", "tool"),
  content: fc.string({ maxLength: 30 }),
  images: fc.array(fc.constant("aGk="), { maxLength: 2 }),
});

test("keeps the same first message as trying each in turn, in at most log2 n + 2 renderings", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 40 }),
      fc.integer({ min: 0, max: 1500 }),
      async (messages, limitTokens) => {
        let rendered = 0;
        const counting = (conversation: Conversation) => {
          rendered += 1;
          return render(conversation);
        };
        const fit = options(messages, limitTokens, { imageTokens: 20, render: counting });
        const result = await fitToContext(fit);
        expect(result.renderings).toBe(rendered);
        expect(rendered).toBeLessThanOrEqual(Math.ceil(Math.log2(Math.max(messages.length, 1))) + 2);
        expect(result.firstKept).toBe(linearScan(fit));
        const dropped = messages.slice(0, result.firstKept).filter(({ role }) => role !== "system");
        expect(result.droppedMessages).toEqual(dropped);
      },
    ),
    { numRuns: 500 },
  );
});

// Qwen3.8 refuses to render without a question, which a scan may or may not meet.
const willing = rendererNames.filter((name) => name !== "qwen3.8");

test.each(willing)("agrees with trying each message for the format of %s", async (name) => {
  const renderer = rendererFor(name, { now: () => new Date(0) });
  const long = (role: string, index: number): Message => ({
    role,
    content: `${index} ${"word ".repeat(index % 7)}`,
  });
  const turns = Array.from({ length: 12 }, (_, index) => [
    long("user", index),
    { ...long("assistant", index), thinking: "hm ".repeat(index % 3) },
  ]).flat();
  const messages: Message[] = [{ role: "system", content: "rules" }, ...turns, long("user", 6)];
  for (const limitTokens of [0, 100, 300, 500, 800, 1200, 5000]) {
    const fit = options(messages, limitTokens, { render: (conversation) => renderer.render(conversation) });
    expect((await fitToContext(fit)).firstKept, `limit ${limitTokens}`).toBe(linearScan(fit));
  }
});

test("renders once when everything fits", async () => {
  const result = await fitToContext(options([{ role: "user", content: "hi" }], 100));
  expect(result).toEqual({
    prompt: "<user>hi\n",
    firstKept: 0,
    droppedMessages: [],
    tokens: 9,
    renderings: 1,
  });
});

test("keeps system messages and the last message, even if that alone is too long", async () => {
  const messages: Message[] = [
    { role: "system", content: "a" },
    { role: "user", content: "old" },
    { role: "system", content: "b" },
    { role: "user", content: "much too long" },
  ];
  const result = await fitToContext(options(messages, 10));
  expect(result.prompt).toBe("<system>a\n<system>b\n<user>much too long\n");
  expect(result).toMatchObject({ firstKept: 3, droppedMessages: [messages[1]] });
});

test("counts the images of kept messages only", async () => {
  const messages: Message[] = [
    { role: "user", content: "x", images: ["aGk="] },
    { role: "user", content: "y", images: ["aGk="] },
  ];
  const result = await fitToContext(options(messages, 800, { imageTokens: 768 }));
  expect(result).toMatchObject({ firstKept: 1, tokens: 776 });
});

test("waits for a tokenizer that answers later, and stops when told to", async () => {
  const stop = new AbortController();
  const countTokens = (text: string) => {
    stop.abort(new Error("enough"));
    return Promise.resolve(text.length);
  };
  const messages = [1, 2, 3].map((index): Message => ({ role: "user", content: String(index) }));
  await expect(fitToContext(options(messages, 1, { countTokens, signal: stop.signal }))).rejects.toThrow(
    "enough",
  );
});

test("fails as the renderer does when what would be kept cannot be rendered", async () => {
  const messages: Message[] = [
    { role: "user", content: "question ".repeat(50) },
    { role: "assistant", content: "", tool_calls: [{ function: { name: "f", arguments: {} } }] },
    { role: "tool", content: "result" },
  ];
  const fit = {
    ...options(messages, 50),
    render: (kept: Conversation) => rendererFor("qwen3.8").render(kept),
  };
  await expect(fitToContext(fit)).rejects.toBeInstanceOf(PromptError);
});

test("renders an empty conversation", async () => {
  expect(await fitToContext(options([], 10))).toMatchObject({ prompt: "", firstKept: 0, renderings: 1 });
});
