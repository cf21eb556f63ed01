import { describe, expect, it } from "vitest";
import {
  estimateBytes,
  estimateMemory,
  type ModelFacts,
  type PlannedContext,
  planContext,
  planEviction,
  planPromptCache,
} from "./memory-plan.ts";

const facts: ModelFacts = {
  fileBytes: 1_000_000,
  trainedContextTokens: 2048,
  kvOverrides: [],
  slidingBlocks: [],
  isCausal: true,
  isRecurrent: false,
  processBytes: 10_000,
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

const context = {
  contextTokens: 1000,
  parallel: 2,
  kvCacheType: "f16",
  batchTokens: 512,
  draftTokens: 0,
  embedding: false,
};

describe("estimateMemory", () => {
  /** Without what is computed with, which is a matter of the batch. */
  const cacheBytes = (changed: Partial<ModelFacts>, how: Partial<PlannedContext> = {}) => {
    const whole = estimateMemory({ ...facts, ...changed }, { ...context, ...how }).contextBytes;
    const dimensions = { ...(changed.dimensions ?? facts.dimensions), keyValueHeadCounts: [] };
    return whole - estimateMemory({ ...facts, ...changed, dimensions }, { ...context, ...how }).contextBytes;
  };

  it("counts weights, the process and the cache of every sequence", () => {
    const estimate = estimateMemory(facts, context);
    expect(estimate).toMatchObject({ weightsBytes: 1_000_000, processBytes: 10_000 });
    expect(estimateBytes(facts, context)).toBe(1_010_000 + estimate.contextBytes);
    expect(cacheBytes({})).toBe(4 * 128 * 2 * 1000 * 2);
    expect(cacheBytes({}, { kvCacheType: "q8_0" })).toBeCloseTo((cacheBytes({}) * 34) / 64, -1);
  });

  it("counts a window only where blocks keep no more", () => {
    const dimensions = { ...facts.dimensions, slidingWindowTokens: 100 };
    const slidingBlocks = [true, true, true, false];
    // 612 cells in blocks of 256.
    expect(cacheBytes({ dimensions, slidingBlocks }, { contextTokens: 2000, parallel: 1 })).toBe(
      256 * (3 * 768 + 2000),
    );
    expect(cacheBytes({ dimensions, slidingBlocks }, { contextTokens: 300, parallel: 1 })).toBe(
      256 * 4 * 300,
    );
  });

  it("counts no cache for encoders, and logits of every token for models that could write", () => {
    const dimensions = { ...facts.dimensions, vocabularySize: 10_000 };
    expect(cacheBytes({ isCausal: false }, { embedding: true })).toBe(0);
    const encoder = estimateMemory(
      { ...facts, dimensions, isCausal: false },
      { ...context, embedding: true },
    );
    const decoder = estimateMemory({ ...facts, dimensions }, { ...context, embedding: true });
    expect(decoder.contextBytes - encoder.contextBytes).toBe(cacheBytes({}) + 2 * 1000 * 10_000 * 4);
  });
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
