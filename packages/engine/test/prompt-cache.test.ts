import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import type { ModelLease } from "../src/engine.ts";
import { collect } from "./support/collect.ts";
import { gemmaPath } from "./support/real-model.ts";
import { runnerEnv } from "./support/runner-env.ts";

const modelPath = gemmaPath();

/** Others may use the machine beside these tests. */
const timeout = 180_000;

describe.skipIf(modelPath === undefined)(
  "the prompt cache of a real model with four slots",
  { timeout },
  () => {
    const engine = createEngine({ env: runnerEnv, parallel: 4, contextTokens: 2048 });
    afterAll(() => engine[Symbol.asyncDispose]());
    const acquire = (): Promise<ModelLease> =>
      engine.acquire({ modelPath: modelPath ?? "", load: { threads: 1 } });
    const greedy = { temperature: 0 };

    it("finds the beginning of each of twenty conversations that take turns", async () => {
      await using lease = await acquire();
      const chats: (readonly number[])[] = [];
      for (let index = 0; index < 20; index++) {
        const text = `Chat ${index}. ${"Tell me about the sea, the hills and the sky. ".repeat(6)}`;
        chats.push(await lease.tokenize(text, { addSpecial: true }));
      }
      const known: number[] = [];
      for (let turn = 0; turn < 3; turn++) {
        for (const [index, prompt] of chats.entries()) {
          const { end } = await collect(lease, { prompt, sampling: greedy, maxTokens: 3 });
          // The last token of the answer was chosen, but never read.
          if (turn > 0) known.push(end.cachedTokens - (prompt.length - 5 - 1));
          chats[index] = [...end.tokens, ...(await lease.tokenize(" Go on, please:"))];
        }
      }
      const added = (await lease.tokenize(" Go on, please:")).length;
      expect(known).toHaveLength(40);
      for (const difference of known) expect(difference).toBe(5 - added);
    });

    it("copies a system prompt that another slot holds, and reads it once for all", async () => {
      await using lease = await acquire();
      const system = await lease.tokenize(
        `You are a lighthouse keeper of few words. ${"Be kind, be brief, be exact. ".repeat(20)}`,
        { addSpecial: true },
      );
      const questions = await Promise.all(
        ["Who are you?", "Where do you live?", "What do you see?", "When do you sleep?"].map((text) =>
          lease.tokenize(text),
        ),
      );
      const run = (prompt: readonly number[]) => collect(lease, { prompt, sampling: greedy, maxTokens: 12 });
      const together = await Promise.all(questions.map((question) => run([...system, ...question])));
      const read = together.map(({ end }) => end.promptTokens - end.cachedTokens).sort((a, b) => b - a);
      // One read all of it, the others only what is their own.
      expect(read[0]).toBeGreaterThan(system.length);
      for (const tokens of read.slice(1)) expect(tokens).toBeLessThan(12);
      // The slot that the copies came from still has its own, and a copy that goes on changes none of the others.
      for (const [index, { text, end }] of together.entries()) {
        const next = [...end.tokens, ...(questions[index] ?? [])];
        const { cachedTokens } = (await run(next)).end;
        expect(cachedTokens).toBe(end.tokens.length - 1);
        expect(text.length).toBeGreaterThan(0);
      }
    });

    it("reads one prompt once for several completions", async () => {
      await using lease = await acquire();
      const prompt = `Names of ships: ${"the Anna, the Berta, the Clara, ".repeat(15)}`;
      const runs = await Promise.all(
        [1, 2, 3, 4].map((seed) =>
          collect(lease, { prompt, sampling: { temperature: 1, seed }, maxTokens: 8 }),
        ),
      );
      const read = runs.map(({ end }) => end.promptTokens - end.cachedTokens).sort((a, b) => b - a);
      expect(read[0]).toBeGreaterThan(100);
      for (const tokens of read.slice(1)) expect(tokens).toBeLessThanOrEqual(1);
    });
  },
);
