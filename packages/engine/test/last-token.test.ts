import { tinyBert, tinyLlama } from "@puna/model-format/testing";
import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import type { RunnerSpec } from "../src/ipc/messages.ts";
import { LlamaContext } from "../src/llama/native/context.ts";
import { Embedder } from "../src/llama/native/embedder.ts";
import { loadLlamaLibrary } from "../src/llama/native/library.ts";
import { LlamaModel } from "../src/llama/native/model.ts";
import { readModelFacts } from "../src/read-model-facts.ts";
import { estimateMemory } from "../src/scheduler/memory-plan.ts";
import { planRunner } from "../src/scheduler/plan-runner.ts";
import { gemmaWith } from "./support/gemma-with.ts";
import { tinyFiles } from "./support/tiny-files.ts";
import { tinyLastRanker } from "./support/tiny-last-ranker.ts";
import { tinySpec } from "./support/tiny-spec.ts";

const files = tinyFiles();
const library = loadLlamaLibrary();
library.c.llama_log_set(library.silentLogAddress, null);
const poolingOf = (architecture: string, value: number) =>
  ({ key: `${architecture}.pooling_type`, type: "uint32", value }) as const;
const lastLlama = files.write("last.gguf", tinyLlama({ entries: [poolingOf("llama", 3)] }));
const lastBert = files.write("last-bert.gguf", tinyBert({ entries: [poolingOf("bert", 3)] }));

const signal = new AbortController().signal;
const textOf = (length: number, seed: number) =>
  Array.from({ length }, (_, at) => 5 + ((at * 7 + seed) % 200));

async function embedder(path: string, changes: Partial<RunnerSpec>) {
  const spec = tinySpec(path, { embedding: true, parallel: 1, batchTokens: 32, ...changes });
  const model = await LlamaModel.load(library, spec);
  const context = LlamaContext.create(model, spec);
  afterAll(() => {
    context.free();
    model.free();
  });
  return { context, embedder: new Embedder(model, context, spec.contextTokens) };
}

describe("models that say all of a text at its last token", () => {
  it("read what comes before it without logits, and give the same vectors", async () => {
    const whole = await embedder(lastLlama, {});
    const last = await embedder(lastLlama, { poolsLast: true });
    expect([whole.context.poolsLast, last.context.poolsLast]).toEqual([false, true]);
    expect([whole.context.batchTokens, last.context.batchTokens]).toEqual([512, 32]);
    // Of one token, of as many as a batch holds, and of more; more texts than share a decode.
    const texts = [1, 2, 32, 33, 34, 200, 512, ...Array.from({ length: 20 }, (_, at) => 3 + at)];
    const inputs = texts.map((length, seed) => textOf(length, seed));
    const [wanted, found] = [
      await whole.embedder.embed(inputs, signal),
      await last.embedder.embed(inputs, signal),
    ];
    for (const [index, vector] of found.entries()) {
      for (const [at, value] of vector.entries()) expect(value).toBeCloseTo(wanted[index]?.[at] ?? NaN, 4);
    }
    expect(found[0]).not.toEqual(found[1]);
    // A decode that was refused leaves nothing behind.
    expect(() => last.embedder.embed([textOf(513, 1)], signal)).toThrow(/513 tokens and the context 512/);
    const [again] = await last.embedder.embed([inputs[5] ?? []], signal);
    for (const [at, value] of (again ?? []).entries()) expect(value).toBeCloseTo(wanted[5]?.[at] ?? NaN, 4);
  });

  it("rank by it as well", async () => {
    const path = files.write("last-ranker.gguf", await tinyLastRanker());
    const whole = await embedder(path, {});
    const last = await embedder(path, { poolsLast: true });
    expect([whole.context.poolsLast, last.context.poolsLast]).toEqual([false, true]);
    const documents = ["The quick fox", "jumps", "over lazy dogs and much else that lies about in a yard"];
    const wanted = await whole.embedder.rank("fox", documents, signal);
    const found = await last.embedder.rank("fox", documents, signal);
    expect(new Set(wanted.map(({ score }) => score.toFixed(3))).size).toBe(3);
    for (const [index, { score, tokens }] of found.entries()) {
      expect(score).toBeCloseTo(wanted[index]?.score ?? NaN, 4);
      expect(tokens).toBe(wanted[index]?.tokens);
    }
  });

  it("are read whole where llama.cpp keeps no past, whatever the file says", async () => {
    const { context, embedder: bert } = await embedder(lastBert, { poolsLast: true });
    expect(context.poolsLast).toBe(false);
    expect(context.batchTokens).toBe(512);
    const plain = await embedder(lastBert, {});
    const text = [6, 7, 8, 9];
    expect(await bert.embed([text], signal)).toEqual(await plain.embedder.embed([text], signal));
  });
});

const gemma = await gemmaWith([poolingOf("gemma3", 3)]);

describe.skipIf(gemma === undefined)("a large vocabulary", { timeout: 240_000 }, () => {
  it("takes no memory for logits of whole texts, and is planned so", async () => {
    const modelPath = gemma ?? "";
    const load = { threads: 1, contextTokens: 2048, embedding: true, useMmap: false };
    const facts = await readModelFacts(modelPath);
    const defaults = {
      driver: "native",
      parallel: 1,
      draftTokens: 11,
      contextTokens: 4096,
      contextIsAutomatic: true,
      kvCacheType: "f16",
      promptCacheBytes: 0,
    } as const;
    const plan = estimateMemory(facts, planRunner({ modelPath, load }, facts, defaults));
    await using engine = createEngine({ env: { PATH: process.env["PATH"] }, driver: "native" });
    await using lease = await engine.acquire({ modelPath, load });
    const [vector] = await lease.embed([Array.from({ length: 900 }, (_, at) => 1000 + at)]);
    expect(vector).toHaveLength(640);
    // 2,048 rows of 262,144 logits would be 2 GiB, and their copy as much.
    const planned = plan.weightsBytes + plan.contextBytes;
    expect(lease.info.sizeBytes).toBeLessThan(500 * 2 ** 20);
    expect(Math.abs(planned / lease.info.sizeBytes - 1)).toBeLessThan(0.2);
  });
});
