import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ToyContext, type ToyOptions } from "../../test/support/toy-context.ts";
import type { CompletionRequest } from "../engine.ts";
import type { RequestTurn } from "../ipc/messages.ts";
import { mixedPrefillTokens } from "./plan-batch.ts";
import { SlotScheduler } from "./slot-scheduler.ts";

const plenty = { cacheBytes: 100_000_000 };
const interactive: RequestTurn = { priority: "interactive", clientId: "" };
const sampling = {};

function start(options: ToyOptions = {}, cache = plenty) {
  const context = new ToyContext(options);
  const slots = new SlotScheduler(context, cache);
  const run = async (
    request: CompletionRequest,
    turn = interactive,
    signal = new AbortController().signal,
  ) => {
    let text = "";
    for await (const event of slots.complete(request, turn, signal)) {
      if (event.type === "text-delta") text += event.text;
      else return { text, ...event };
    }
    throw new Error("no end");
  };
  return { context, slots, run };
}

const untilDecodes = async (context: ToyContext, count: number) => {
  while (context.decodes.length < count) await new Promise((resolve) => setImmediate(resolve));
};

const promptOf = (length: number, seed = 0) =>
  Array.from({ length }, (_, index) => ((index * 13 + seed) % 900) + 2);

it("answers as the model would with nothing remembered", async () => {
  const { context, run } = start();
  const prompt = promptOf(150);
  const { tokens, promptTokens, generatedTokens } = await run({ prompt, sampling, maxTokens: 20 });
  expect(tokens).toEqual([...prompt, ...context.expected(prompt, 20)]);
  expect({ promptTokens, generatedTokens }).toEqual({ promptTokens: 150, generatedTokens: 20 });
});

it("carries all running streams in every decode", async () => {
  const { context, run } = start({ sequences: 4 });
  await Promise.all([1, 2, 3, 4].map((seed) => run({ prompt: promptOf(5, seed), sampling, maxTokens: 30 })));
  const full = context.decodes.filter((decode) => decode.size === 4);
  expect(full.length).toBeGreaterThanOrEqual(29);
});

it("reads a long prompt in bounded parts while a stream runs, and the stream has a token in each decode", async () => {
  const { context, run } = start({ sequences: 2, batchTokens: 512 });
  const stream = run({ prompt: promptOf(4), sampling, maxTokens: 60 });
  await untilDecodes(context, 3);
  const long = run({ prompt: promptOf(4000, 5), sampling, maxTokens: 1 });
  await Promise.all([stream, long]);
  // The stream is in slot 0: from its first token to its last no decode goes without it.
  const streaming = context.decodes.slice(0, context.decodes.findLastIndex((decode) => decode.has(0)) + 1);
  for (const decode of streaming) expect(decode.get(0)).toBeGreaterThan(0);
  const mixed = context.decodes.filter((decode) => decode.size === 2);
  expect(mixed.length).toBeGreaterThan(10);
  for (const decode of mixed) {
    expect(Math.min(...decode.values())).toBe(1);
    expect(Math.max(...decode.values())).toBeLessThanOrEqual(mixedPrefillTokens);
  }
});

it("serves interactive requests first and shares slots between clients", async () => {
  const { run } = start({ sequences: 1 });
  const order: string[] = [];
  const go = async (name: string, turn: RequestTurn, seed: number) => {
    await run({ prompt: promptOf(40, seed), sampling, maxTokens: 3 }, turn);
    order.push(name);
  };
  await Promise.all([
    go("first", { priority: "batch", clientId: "a" }, 1),
    go("batch", { priority: "batch", clientId: "a" }, 2),
    go("interactive", { priority: "interactive", clientId: "a" }, 3),
  ]);
  expect(order).toEqual(["interactive", "first", "batch"]);

  const shared = start({ sequences: 2 });
  const clients: string[] = [];
  await Promise.all(
    ["a", "a", "a", "b"].map(async (clientId, seed) => {
      await shared.run(
        { prompt: promptOf(40, seed), sampling, maxTokens: 3 },
        { priority: "interactive", clientId },
      );
      clients.push(clientId);
    }),
  );
  expect(clients.slice(0, 2)).toContain("b");
});

it("goes on from what another slot has read of the same beginning", async () => {
  const { context, run } = start({ sequences: 2 });
  const system = promptOf(300);
  const first = run({ prompt: [...system, 5, 6, 7], sampling, maxTokens: 40 });
  const second = run({ prompt: [...system, 8, 9], sampling, maxTokens: 10 });
  const [a, b] = await Promise.all([first, second]);
  expect(a.cachedTokens).toBe(0);
  expect(b.cachedTokens).toBe(300);
  expect(b.tokens.slice(302)).toEqual(context.expected([...system, 8, 9], 10));
});

it("reads one prompt once for many completions", async () => {
  const { context, run } = start({ sequences: 4 });
  const prompt = promptOf(500);
  const runs = await Promise.all([1, 2, 3, 4].map(() => run({ prompt, sampling, maxTokens: 8 })));
  for (const { tokens } of runs) expect(tokens.slice(500)).toEqual(context.expected(prompt, 8));
  const read = context.decodes
    .flatMap((decode) => [...decode.values()])
    .reduce((sum, tokens) => sum + tokens, 0);
  expect(read).toBeLessThan(500 + 4 * 10);
});

it("finds the beginnings of twenty conversations that take turns on four slots", async () => {
  const { context, run } = start({ sequences: 4 });
  const chats = Array.from({ length: 20 }, (_, index) => promptOf(200, index * 17));
  for (let turn = 0; turn < 3; turn++) {
    for (const [index, chat] of chats.entries()) {
      const { tokens, cachedTokens } = await run({ prompt: chat, sampling, maxTokens: 10 });
      expect(tokens.slice(chat.length)).toEqual(context.expected(chat, 10));
      if (turn > 0) expect(cachedTokens).toBeGreaterThanOrEqual(chat.length - 6);
      chats[index] = [...tokens, 3, 4, 5];
    }
  }
});

it("keeps saved conversations within the memory it was given", async () => {
  const { run } = start({ sequences: 1 }, { cacheBytes: 20_000 });
  const chats = Array.from({ length: 10 }, (_, index) => promptOf(200, index * 17));
  const cached: number[] = [];
  for (const prompt of [...chats, ...chats])
    cached.push((await run({ prompt, sampling, maxTokens: 2 })).cachedTokens);
  expect(cached.slice(10).some((tokens) => tokens === 0)).toBe(true);
});

it("gives a slot back within one decode of a cancel", async () => {
  const { context, slots, run } = start({ sequences: 1, batchTokens: 64 });
  const controller = new AbortController();
  const work = (async () => {
    for await (const event of slots.complete(
      { prompt: promptOf(4000), sampling },
      interactive,
      controller.signal,
    )) {
      if (event.type === "generation-end") throw new Error("it was not cancelled");
    }
  })();
  context.duringDecode = () => {
    if (context.decodes.length === 3) controller.abort();
  };
  await expect(work).rejects.toMatchObject({ code: "ABORTED" });
  expect(context.decodes).toHaveLength(3);
  const prompt = promptOf(50, 3);
  expect((await run({ prompt, sampling, maxTokens: 5 })).tokens.slice(50)).toEqual(
    context.expected(prompt, 5),
  );
});

it("runs again what others had in an aborted decode", async () => {
  const { context, slots, run } = start({ sequences: 2, batchTokens: 128 });
  const prompt = promptOf(30, 9);
  const stream = run({ prompt, sampling, maxTokens: 20 });
  await untilDecodes(context, 3);
  const controller = new AbortController();
  const work = (async () => {
    for await (const _ of slots.complete(
      { prompt: promptOf(4000), sampling },
      interactive,
      controller.signal,
    ));
  })();
  const started = context.decodes.length;
  context.duringDecode = () => {
    if (context.decodes.length > started + 1) controller.abort();
  };
  await expect(work).rejects.toMatchObject({ code: "ABORTED" });
  expect(context.decodes.slice(started).some((decode) => decode.size === 2)).toBe(true);
  expect((await stream).tokens.slice(30)).toEqual(context.expected(prompt, 20));
});

it("shifts a full context and keeps its beginning", async () => {
  const { run } = start({ sequences: 1, contextTokens: 100, batchTokens: 64 });
  const prompt = promptOf(80);
  const { tokens, generatedTokens, reason } = await run({ prompt, sampling, maxTokens: 90, keepTokens: 10 });
  expect({ generatedTokens, reason }).toEqual({ generatedTokens: 90, reason: "length" });
  // BOS counts beside what was asked for.
  expect(tokens.slice(0, 11)).toEqual(prompt.slice(0, 11));
  expect(tokens.length).toBeLessThanOrEqual(101);
});

it("ends with length when the context is full and must not shift", async () => {
  const { run } = start({ sequences: 1, contextTokens: 100, batchTokens: 64 });
  const { reason, tokens } = await run({ prompt: promptOf(80), sampling, contextShift: false });
  expect({ reason, length: tokens.length }).toEqual({ reason: "length", length: 101 });
});

it("reads the prompt and writes nothing when asked for no tokens", async () => {
  const { run } = start();
  const result = await run({ prompt: promptOf(10), sampling, maxTokens: 0 });
  expect(result).toMatchObject({ text: "", reason: "length", generatedTokens: 0 });
});

it("fails only the request whose sampler cannot be made", async () => {
  const { run } = start();
  const [bad, good] = await Promise.allSettled([
    run({ prompt: promptOf(10), sampling, grammar: "bad" }),
    run({ prompt: promptOf(10), sampling, maxTokens: 3 }),
  ]);
  expect(bad).toMatchObject({ status: "rejected", reason: { code: "INVALID_GRAMMAR" } });
  expect(good.status).toBe("fulfilled");
});

describe.each([
  ["full attention", {}],
  ["a sliding window", { slidingWindowTokens: 48 }],
  ["a recurrent state", { isRecurrent: true }],
  ["drafts", { draftTokens: 11, repeats: 17 }],
  ["drafts in a sliding window", { draftTokens: 11, repeats: 17, slidingWindowTokens: 48 }],
  ["drafts that are not exact", { draftTokens: 11, repeats: 17, isInexact: true }],
] as const)("with %s", (_, shape) => {
  it("answers as if nothing had been remembered, whatever came before", async () => {
    const step = fc.record({
      // Where the next prompt leaves the last conversation, and how it goes on.
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      more: fc.integer({ min: 1, max: 150 }),
      seed: fc.integer({ min: 0, max: 50 }),
      chat: fc.integer({ min: 0, max: 4 }),
      answer: fc.integer({ min: 0, max: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
        const { context, run } = start({ ...shape, sequences: 2, batchTokens: 32, contextTokens: 5000 });
        const chats: number[][] = [[], [], [], [], []];
        for (const { keep, more, seed, chat, answer } of steps) {
          const before = chats[chat] ?? [];
          const prompt = [...before.slice(0, Math.floor(before.length * keep)), ...promptOf(more, seed)];
          const { tokens } = await run({ prompt, sampling, maxTokens: answer });
          expect(tokens).toEqual([...prompt, ...context.expected(prompt, answer)]);
          chats[chat] = [...tokens];
        }
      }),
      { numRuns: 60 },
    );
  });

  it("remembers the end of an answer for the next turn", async () => {
    const { run } = start({ ...shape, sequences: 2, batchTokens: 32 });
    const first = await run({ prompt: promptOf(200), sampling, maxTokens: 100 });
    const next = [...first.tokens, 5, 6, 7];
    expect((await run({ prompt: next, sampling, maxTokens: 2 })).cachedTokens).toBeGreaterThanOrEqual(299);
  });

  it("remembers the prompt when another answer is wanted", async () => {
    const { run } = start({ ...shape, sequences: 2, batchTokens: 32 });
    const prompt = promptOf(200);
    await run({ prompt, sampling, maxTokens: 100 });
    const again = await run({ prompt: [...prompt, 5], sampling, maxTokens: 2 });
    expect(again.cachedTokens).toBeGreaterThanOrEqual(200);
  });
});
