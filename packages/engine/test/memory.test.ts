import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import type { ModelLoadOptions } from "../src/engine.ts";
import { readModelFacts } from "../src/read-model-facts.ts";
import { estimateMemory } from "../src/scheduler/memory-plan.ts";
import { planRunner } from "../src/scheduler/plan-runner.ts";
import { collect } from "./support/collect.ts";
import { gemmaPath, realModelPath } from "./support/real-model.ts";

/** Others may use the machine beside these tests. */
const timeout = 240_000;
/** So far a plan may be from what llama.cpp says and from what the process has. */
const tolerance = 0.15;
const env = { PATH: process.env["PATH"] };

const models = { gemma: gemmaPath(), qwen: realModelPath("qwen"), minilm: realModelPath("minilm") };

interface Case {
  readonly name: keyof typeof models;
  readonly parallel: number;
  readonly load: ModelLoadOptions;
}

const cases: readonly Case[] = [
  ...[1024, 8192].flatMap((contextTokens) => [
    { name: "gemma" as const, parallel: 4, load: { contextTokens, kvCacheType: "f16" } },
    { name: "gemma" as const, parallel: 1, load: { contextTokens, kvCacheType: "q8_0" } },
  ]),
  // The larger a model, the longer it reads: with a small batch a short prompt fills all buffers, too.
  { name: "qwen", parallel: 4, load: { contextTokens: 2048, kvCacheType: "q8_0", batchTokens: 64 } },
  { name: "minilm", parallel: 1, load: { contextTokens: 512, embedding: true } },
];

const pssOf = (pid: number | undefined) =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) * 1024;
const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);

describe("the memory plan beside real models", { timeout }, () => {
  it.each(cases)("is right for $name with $parallel slots of $load", async ({ name, parallel, load }) => {
    const modelPath = models[name];
    if (modelPath === undefined) return;
    // Without a mapped file all that it has is its own, and nothing lies in two orders.
    const spec = { modelPath, load: { ...load, threads: 1, useMmap: false } };
    const facts = await readModelFacts(modelPath);
    const planned = planRunner(spec, facts, {
      driver: "native",
      parallel,
      contextTokens: 4096,
      contextIsAutomatic: true,
      kvCacheType: "f16",
      promptCacheBytes: 0,
      draftTokens: 11,
    });
    const plan = estimateMemory(facts, planned);
    await using engine = createEngine({ env, driver: "native", parallel, promptCacheBytes: 0 });
    await using lease = await engine.acquire(spec);
    if (load.embedding) await lease.embed([Array.from({ length: 250 }, (_, index) => 1000 + index)]);
    else {
      const length = (load.batchTokens ?? 512) + 88;
      const prompt = Array.from({ length }, (_, index) => 1000 + index);
      await collect(lease, { prompt, sampling: { temperature: 0 }, maxTokens: 2 });
    }
    const plannedSize = plan.weightsBytes + plan.contextBytes;
    const reported = lease.info.sizeBytes;
    const measured = process.platform === "linux" ? pssOf(lease.info.pid) : undefined;
    const plannedAll = plannedSize + plan.processBytes;
    console.log(
      `${name} ${JSON.stringify(load)} × ${parallel}: planned ${mib(plannedSize)}, reported ${mib(reported)}; ` +
        `with the process ${mib(plannedAll)}, measured ${mib(measured ?? 0)} MiB`,
    );
    expect(Math.abs(plannedSize / reported - 1)).toBeLessThan(tolerance);
    if (measured !== undefined) expect(Math.abs(plannedAll / measured - 1)).toBeLessThan(tolerance);
  });
});

describe.skipIf(models.gemma === undefined)("a machine with little memory", { timeout }, () => {
  const modelPath = models.gemma ?? "";
  const mebibyte = 2 ** 20;
  const start = (memoryLimitBytes: number, contextTokens = 0) =>
    createEngine({
      env,
      driver: "native",
      parallel: 4,
      promptCacheBytes: 0,
      memoryLimitBytes,
      contextTokens,
    });

  it("gets as much context as fits when nobody asked for any, and answers", async () => {
    // Weights and process take about 345 MiB, four slots of 4096 tokens 130 MiB more.
    await using engine = start(470 * mebibyte);
    await using lease = await engine.acquire({ modelPath, load: { threads: 1 } });
    expect(lease.info).toMatchObject({ contextTokens: 2048, parallel: 4 });
    const answer = await collect(lease, {
      prompt: "Paris is the capital city of",
      sampling: { temperature: 0 },
      maxTokens: 6,
    });
    expect(answer.text).toContain("France");
    if (process.platform === "linux") expect(pssOf(lease.info.pid)).toBeLessThan(470 * mebibyte);
  });

  it("keeps a context that was asked for, with fewer slots, and refuses it where one alone is too much", async () => {
    await using engine = start(470 * mebibyte);
    {
      await using lease = await engine.acquire({ modelPath, load: { threads: 1, contextTokens: 8192 } });
      expect(lease.info).toMatchObject({ contextTokens: 8192, parallel: 2 });
    }
    await using narrow = start(370 * mebibyte, 32_768);
    await expect(narrow.acquire({ modelPath, load: { threads: 1 } })).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      details: { neededBytes: expect.any(Number), freeBytes: 370 * mebibyte },
    });
  });
});
