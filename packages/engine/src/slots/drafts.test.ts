import { describe, expect, it } from "vitest";
import { ToyContext, type ToyOptions } from "../../test/support/toy-context.ts";
import type { CompletionRequest } from "../engine.ts";
import { SlotScheduler } from "./slot-scheduler.ts";

const turn = { priority: "interactive", clientId: "" } as const;
const prompt = Array.from({ length: 50 }, (_, index) => ((index * 13) % 900) + 2);

function start(options: ToyOptions = {}) {
  const context = new ToyContext({ draftTokens: 11, repeats: 17, sequences: 2, ...options });
  const slots = new SlotScheduler(context, { cacheBytes: 1_000_000 });
  const run = async (request: Partial<CompletionRequest>, signal = new AbortController().signal) => {
    let text = "";
    for await (const event of slots.complete({ prompt, sampling: {}, ...request }, turn, signal)) {
      if (event.type === "text-delta") text += event.text;
      else return { text, ...event };
    }
    throw new Error("no end");
  };
  const most = () => Math.max(...context.decodes.slice(1).flatMap((decode) => [...decode.values()]));
  return { context, run, most };
}

describe("drafts", () => {
  it("write what is repeated in fewer decodes, and the same", async () => {
    const { context, run } = start();
    const {
      tokens,
      draftedTokens = 0,
      acceptedDraftTokens = 0,
      generatedTokens,
    } = await run({ maxTokens: 300 });
    expect(tokens).toEqual([...prompt, ...context.expected(prompt, 300)]);
    expect(generatedTokens).toBe(300);
    expect(acceptedDraftTokens).toBeGreaterThan(30);
    expect(draftedTokens).toBeGreaterThan(acceptedDraftTokens);
    // Each draft length is tried twice beside a decode of its own.
    expect(context.decodes.length).toBeLessThan(300 - acceptedDraftTokens + 8);
  });

  it("are left out where they would change what comes out", async () => {
    const { context, run } = start({ isInexact: true });
    const { tokens, draftedTokens } = await run({ maxTokens: 300 });
    expect(tokens).toEqual([...prompt, ...context.expected(prompt, 300)]);
    expect(draftedTokens).toBeUndefined();
    // Three lengths were tried, each with two decodes more.
    expect(context.decodes.length).toBeLessThanOrEqual(300 + 3 * 2);
  });

  it("are left out where the context allows none", async () => {
    const { run, most } = start({ draftTokens: 0 });
    expect((await run({ maxTokens: 200 })).draftedTokens).toBeUndefined();
    expect(most()).toBe(1);
  });

  it("are left out where the cells of a window go round", async () => {
    const { context, run } = start({ slidingWindowTokens: 100, batchTokens: 64 });
    let furthest = 0;
    context.duringDecode = () => {
      const size = context.decodes.at(-1)?.get(0) ?? 0;
      if (size > 1) furthest = Math.max(furthest, context.positions(0).last + size);
    };
    const { tokens, draftedTokens = 0 } = await run({ maxTokens: 300 });
    expect(tokens).toEqual([...prompt, ...context.expected(prompt, 300)]);
    expect(draftedTokens).toBeGreaterThan(0);
    expect(furthest).toBeGreaterThan(100);
    expect(furthest).toBeLessThan(164);
  });

  it("are left out while others write", async () => {
    const { context, run } = start();
    const both = await Promise.all([
      run({ maxTokens: 200 }),
      run({ prompt: [...prompt, 5], maxTokens: 200 }),
    ]);
    for (const { draftedTokens } of both) expect(draftedTokens).toBeUndefined();
    expect(Math.max(...context.decodes.slice(3).flatMap((decode) => [...decode.values()]))).toBe(1);
  });

  it.each([1, 2, 3, 4, 5, 9, 40, 41, 42, 43])("never write more than %s tokens", async (maxTokens) => {
    const { context, run } = start();
    await run({ maxTokens: 200 });
    const { tokens, generatedTokens, reason } = await run({ maxTokens });
    expect({ generatedTokens, reason }).toEqual({ generatedTokens: maxTokens, reason: "length" });
    expect(tokens).toEqual([...prompt, ...context.expected(prompt, maxTokens)]);
  });

  it("end where the answer does, and the next one goes on from there", async () => {
    const { context, run } = start();
    const whole = await run({ maxTokens: 200 });
    const stop = whole.text.slice(150, 153);
    const first = await run({ maxTokens: 200, stop: [stop] });
    expect(first).toMatchObject({ reason: "stop", stopSequence: stop });
    expect(first.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    const next = [...first.tokens, 7, 8, 9];
    const second = await run({ prompt: next, maxTokens: 60 });
    expect(second.cachedTokens).toBeGreaterThanOrEqual(first.tokens.length - 1);
    expect(second.tokens).toEqual([...next, ...context.expected(next, 60)]);
  });

  it("fill a context to its last place, and leave the shift to single tokens", async () => {
    const { run, context } = start({ contextTokens: 200 });
    const { tokens, reason } = await run({ contextShift: false });
    expect({ length: tokens.length, reason }).toEqual({ length: 201, reason: "length" });
    expect(tokens).toEqual([...prompt, ...context.expected(prompt, 151)]);
    const shifted = await run({ maxTokens: 400, keepTokens: 10 });
    expect(shifted).toMatchObject({ generatedTokens: 400, reason: "length" });
    expect(shifted.acceptedDraftTokens).toBeGreaterThan(0);
  });

  it("give their slot back when the request is cancelled", async () => {
    const { context, run, most } = start({ sequences: 1 });
    const controller = new AbortController();
    context.duringDecode = () => {
      if (most() > 1 && context.decodes.length > 30) controller.abort();
    };
    await expect(run({ maxTokens: 500 }, controller.signal)).rejects.toMatchObject({ code: "ABORTED" });
    const { tokens } = await run({ maxTokens: 60 });
    expect(tokens).toEqual([...prompt, ...context.expected(prompt, 60)]);
  });

  it("are given up when a decode with one fails, and the answer goes on", async () => {
    const { context, run, most } = start();
    let failed = 0;
    context.duringDecode = () => {
      const size = context.decodes.at(-1)?.get(0) ?? 0;
      if (size > 1 && size < prompt.length) {
        failed += 1;
        context.dropBatch();
        throw new Error("injected");
      }
    };
    const { tokens, draftedTokens } = await run({ maxTokens: 200 });
    expect(tokens).toEqual([...prompt, ...context.expected(prompt, 200)]);
    expect({ draftedTokens, failed }).toEqual({ draftedTokens: undefined, failed: 1 });
    expect(most()).toBeGreaterThan(1);
  });
});
