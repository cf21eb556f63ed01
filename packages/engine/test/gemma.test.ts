import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import type { ModelLease } from "../src/engine.ts";
import { collect } from "./support/collect.ts";
import { gemmaPath } from "./support/real-model.ts";
import { runnerEnv } from "./support/runner-env.ts";

const model = gemmaPath();

/** Others may use the machine beside these tests. */
const timeout = 180_000;

describe.skipIf(model === undefined)("a real model with sliding windows", { timeout }, () => {
  const modelPath = model ?? "";
  const options = { env: runnerEnv, parallel: 2, contextTokens: 4096 };
  const engine = createEngine(options);
  afterAll(() => engine[Symbol.asyncDispose]());
  const greedy = { temperature: 0 };
  // One thread: others may use the machine beside these tests.
  const acquire = (): Promise<ModelLease> => engine.acquire({ modelPath, load: { threads: 1 } });

  it("knows the capital of France", async () => {
    await using lease = await acquire();
    expect(lease.info).toMatchObject({
      trainedContextTokens: 32768,
      contextTokens: 4096,
      embeddingLength: 640,
    });
    const { text } = await collect(lease, {
      prompt: "Paris is the capital city of",
      sampling: greedy,
      maxTokens: 6,
    });
    expect(text).toContain("France");
  });

  it("writes the same bytes for the same seed when it is alone", async () => {
    await using lease = await acquire();
    const request = {
      prompt: "A story about a lighthouse:",
      sampling: { temperature: 1, seed: 99 },
      maxTokens: 40,
    };
    const first = await collect(lease, request);
    const second = await collect(lease, request);
    expect(second.text).toBe(first.text);
    expect(second.end.tokens).toEqual(first.end.tokens);
    const other = await collect(lease, { ...request, sampling: { temperature: 1, seed: 100 } });
    expect(other.text).not.toBe(first.text);
  });

  it("goes on from the end of a long answer, past the window, as if it had read it all", async () => {
    await using lease = await acquire();
    const start = "Count: one, two, three, ".repeat(60);
    const first = await collect(lease, { prompt: start, sampling: greedy, maxTokens: 20 });
    const next = [...first.end.tokens, ...(await lease.tokenize(" and so on. The next number is"))];
    const continued = await collect(lease, { prompt: next, sampling: greedy, maxTokens: 8 });
    expect(continued.end.cachedTokens).toBeGreaterThanOrEqual(first.end.tokens.length - 1);
    // Read anew: another beginning takes the slots, and nothing is remembered of this one.
    await engine.unload(modelPath);
    await lease[Symbol.asyncDispose]();
    await using fresh = await acquire();
    const anew = await collect(fresh, { prompt: next, sampling: greedy, maxTokens: 8 });
    expect(anew.end.cachedTokens).toBe(0);
    expect(anew.text).toBe(continued.text);
  });

  it("frees the slot of a cancelled prompt of 3,900 tokens at once", async () => {
    await using lease = await acquire();
    const controller = new AbortController();
    const read = (first: number, length: number, signal?: AbortSignal) => {
      const prompt = Array.from({ length }, (_, index) => first + index);
      return collect(lease, { prompt, sampling: greedy, maxTokens: 1 }, signal);
    };
    const begun = performance.now();
    await read(10_000, 780);
    const fifthMs = performance.now() - begun;
    const reading = read(1000, 3900, controller.signal);
    let cancelledAt = 0;
    setTimeout(() => {
      cancelledAt = performance.now();
      controller.abort();
    }, 300);
    await expect(reading).rejects.toMatchObject({ code: "ABORTED" });
    const freedMs = performance.now() - cancelledAt;
    console.log(`freed ${freedMs.toFixed(0)} ms after the cancel; a fifth takes ${fifthMs.toFixed(0)} ms`);
    // The goal is 100 ms on a quiet machine; on a busy one all of it takes longer.
    expect(freedMs).toBeLessThan(Math.max(1000, fifthMs));
  });

  it("keeps a grammar quick over a large vocabulary", async () => {
    await using lease = await acquire();
    const grammar = 'root ::= "{\\"name\\": \\"" [a-z]+ "\\", \\"age\\": " [0-9] [0-9]? "}"';
    const request = { prompt: "As JSON: ", sampling: { temperature: 0.8, seed: 4 }, grammar, maxTokens: 60 };
    const { text, end } = await collect(lease, request);
    expect(text).toMatch(/^\{"name": "[a-z]+/);
    if (end.reason === "stop") expect(Object.keys(JSON.parse(text))).toEqual(["name", "age"]);
  });

  it("shows emoji whole that are made of several tokens", async () => {
    await using lease = await acquire();
    const tokens = await lease.tokenize("👩‍👩‍👧‍👦 🏴‍☠️");
    expect(await lease.detokenize(tokens)).toBe("👩‍👩‍👧‍👦 🏴‍☠️");
    const grammar = 'root ::= "🏴‍☠️👩‍👩‍👧‍👦é" "."';
    const { text, deltas } = await collect(lease, {
      prompt: "Emoji:",
      sampling: greedy,
      grammar,
      maxTokens: 40,
    });
    expect(text).toBe("🏴‍☠️👩‍👩‍👧‍👦é.");
    for (const delta of deltas) expect(delta.text).not.toContain("\uFFFD");
  });

  it("goes on after a restart where it left off, and reads nothing again but the new tokens", async () => {
    const stateFolder = mkdtempSync(join(tmpdir(), "puna-states-"));
    const run = async (prompt: string | readonly number[]) => {
      await using process = createEngine({ ...options, stateFolder });
      await using lease = await process.acquire({ modelPath, load: { threads: 1 } });
      const { end, text } = await collect(lease, { prompt, sampling: greedy, maxTokens: 12 });
      const more = await lease.tokenize(" And then");
      return { text, end, next: [...end.tokens, ...more] };
    };
    try {
      const first = await run("A tale of two cities and three rivers. ".repeat(80));
      expect(first.end.cachedTokens).toBe(0);
      expect(readdirSync(stateFolder)).toHaveLength(1);
      const second = await run(first.next);
      // The last token of an answer was chosen, but never read.
      expect(second.end.cachedTokens).toBe(first.end.tokens.length - 1);
      console.log(
        `restart: ${second.end.promptTokens} tokens of prompt, ${second.end.cachedTokens} known, ` +
          `${second.end.promptMs.toFixed(0)} ms (first turn ${first.end.promptMs.toFixed(0)} ms)`,
      );
      rmSync(stateFolder, { recursive: true, force: true });
      const anew = await run(first.next);
      expect(anew.end.cachedTokens).toBe(0);
      expect(second.text).toBe(anew.text);
    } finally {
      rmSync(stateFolder, { recursive: true, force: true });
    }
  });

  it("keeps what it read when a longer context is asked for", async () => {
    const stateFolder = mkdtempSync(join(tmpdir(), "puna-states-"));
    try {
      await using growing = createEngine({ ...options, stateFolder });
      const acquireWith = (contextTokens: number) =>
        growing.acquire({ modelPath, load: { threads: 1, contextTokens } });
      const short = await acquireWith(1024);
      const prompt = "The keeper lit the lamp, and the ships went by. ".repeat(20);
      const first = await collect(short, { prompt, sampling: greedy, maxTokens: 4 });
      await short[Symbol.asyncDispose]();
      await using long = await acquireWith(2048);
      expect(long.info.contextTokens).toBe(2048);
      const next = [...first.end.tokens, ...(await long.tokenize(" And then"))];
      const { end } = await collect(long, { prompt: next, sampling: greedy, maxTokens: 4 });
      expect(end.cachedTokens).toBe(first.end.tokens.length - 1);
    } finally {
      rmSync(stateFolder, { recursive: true, force: true });
    }
  });
});
