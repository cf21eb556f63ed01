import { describe, expect, it } from "vitest";
import { estimateBytes, type ModelFacts, planContext, planEviction, planPromptCache } from "./memory-plan.ts";

const facts: ModelFacts = {
  fileBytes: 1_000_000,
  trainedContextTokens: 2048,
  kvOverrides: [],
  dimensions: {
    architecture: "llama",
    contextTokens: 2048,
    embeddingLength: 64,
    feedForwardLength: 128,
    blockCount: 4,
    headCounts: [4, 4, 4, 4],
    keyValueHeadCounts: [2, 2, 2, 2],
    keyLength: 32,
    valueLength: 32,
    slidingWindowTokens: undefined,
    expertCount: 0,
    vocabularySize: undefined,
    poolingType: undefined,
  },
};

describe("planContext", () => {
  it("takes what was asked for, within the trained length", () => {
    expect(planContext(512, 4096, facts)).toBe(512);
    expect(planContext(1, 4096, facts)).toBe(4);
    expect(planContext(100_000, 4096, facts)).toBe(2048);
    expect(planContext(undefined, 4096, facts)).toBe(2048);
    expect(planContext(undefined, 4096, { ...facts, trainedContextTokens: 0 })).toBe(4096);
  });
});

it("counts the cache of every sequence", () => {
  const context = { contextTokens: 1000, parallel: 2, kvCacheType: "f16" };
  expect(estimateBytes(facts, context)).toBe(1_000_000 + 4 * 128 * 2 * 1000 * 2);
  expect(estimateBytes(facts, { ...context, kvCacheType: "q8_0" })).toBeLessThan(
    estimateBytes(facts, context),
  );
});

describe("planEviction", () => {
  const model = (name: string, overrides = {}) => ({
    name,
    sizeBytes: 100,
    activeRequests: 0,
    keepAliveMs: 300_000,
    lastUsedMs: 0,
    ...overrides,
  });
  const names = (loaded: ReturnType<typeof model>[], need: Parameters<typeof planEviction>[1]) =>
    planEviction(loaded, need).map(({ name }) => name);

  it("evicts nothing while count and memory allow", () => {
    expect(names([model("a")], { bytes: 50, freeBytes: 100, maxModels: 3 })).toEqual([]);
  });

  it("prefers idle models, then short keep-alives, then the longest unused", () => {
    const loaded = [
      model("busy", { activeRequests: 1 }),
      model("forever", { keepAliveMs: -1 }),
      model("recent", { lastUsedMs: 9 }),
      model("old", { lastUsedMs: 1 }),
    ];
    expect(names(loaded, { bytes: 1, freeBytes: 1000, maxModels: 1 })).toEqual([
      "old",
      "recent",
      "forever",
      "busy",
    ]);
  });

  it("evicts until the new model fits", () => {
    const loaded = [model("a"), model("b", { lastUsedMs: 1 })];
    expect(names(loaded, { bytes: 150, freeBytes: 100, maxModels: 9 })).toEqual(["a"]);
  });
});

it("gives saved conversations no more than half of what the model leaves free", () => {
  expect(planPromptCache(1_000, 5_000, 100_000)).toBe(1_000);
  expect(planPromptCache(1_000, 5_000, 6_000)).toBe(500);
  expect(planPromptCache(1_000, 5_000, 5_000)).toBe(0);
  expect(planPromptCache(1_000, 5_000, 4_000)).toBe(0);
});
