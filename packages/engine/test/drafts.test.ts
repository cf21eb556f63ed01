import { jsonSchemaToGbnf } from "@puna/model-format/grammar";
import { tinyLlama, tinyWindowed } from "@puna/model-format/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { createQuantizer } from "../src/create-quantizer.ts";
import type { CompletionRequest, ModelSpec } from "../src/engine.ts";
import { collect } from "./support/collect.ts";
import { isUsed } from "./support/matmul-library.ts";
import { runnerEnv as env } from "./support/runner-env.ts";
import { tinyFiles } from "./support/tiny-files.ts";

const files = tinyFiles();
const prompt = Array.from({ length: 60 }, (_, index) => 5 + (index % 20));

// Drafts need sums that do not depend on what else is in a decode.
describe.skipIf(!isUsed)("drafts", () => {
  const options = { env, driver: "native", promptCacheBytes: 0 } as const;
  const [plain, drafting] = [0, 11].map((draftTokens) => createEngine({ ...options, draftTokens }));
  afterAll(() => Promise.all([plain, drafting].map((engine) => engine?.[Symbol.asyncDispose]())));
  let modelPath = "";
  let windowedPath = "";
  beforeAll(async () => {
    const quantizer = createQuantizer({ folder: `${files.folder}/out`, env, threads: 1 });
    const source = files.write("wide.gguf", tinyLlama({ embeddingLength: 256, blockCount: 1 }));
    modelPath = await quantizer.quantize(source, "Q4_K_M");
    const windowed = tinyWindowed({ slidingWindowTokens: 128, contextTokens: 2048 });
    windowedPath = await quantizer.quantize(files.write("windowed.gguf", windowed), "Q4_K_M");
  });

  const both = async (request: Partial<CompletionRequest>, spec?: ModelSpec) => {
    const ends = [];
    for (const engine of [plain, drafting]) {
      if (engine === undefined) throw new Error("two engines were made");
      await using lease = await engine.acquire(spec ?? { modelPath, load: { threads: 1 } });
      ends.push(await collect(lease, { prompt, sampling: { temperature: 0 }, maxTokens: 300, ...request }));
    }
    const [one, other] = ends;
    if (one === undefined || other === undefined) throw new Error("two answers were written");
    return { one, other };
  };

  it("write the same tokens with the same probabilities in fewer decodes", async () => {
    const { one, other } = await both({ logprobs: 5 });
    expect(other.end.tokens).toEqual(one.end.tokens);
    expect(other.deltas).toEqual(one.deltas);
    expect(one.end.draftedTokens).toBeUndefined();
    expect(other.end.acceptedDraftTokens).toBeGreaterThan(10);
  });

  it.each([
    ["a seed", { sampling: { temperature: 0.3, seed: 11, topK: 3 } }],
    ["penalties", { sampling: { temperature: 0.5, seed: 3, repeatPenalty: 1.05, repeatLastN: 32 } }],
    ["mirostat", { sampling: { temperature: 1, seed: 3, mirostat: 2 } }],
    [
      "a grammar",
      { grammar: jsonSchemaToGbnf({ type: "array", items: { enum: ["ab", "cd"] }, minItems: 30 }).grammar },
    ],
    ["a limit", { maxTokens: 37 }],
  ] as const)("write the same with %s", async (_, request) => {
    const { one, other } = await both(request);
    expect(other.end.tokens).toEqual(one.end.tokens);
    expect(other.text).toBe(one.text);
    expect(other.end.reason).toBe(one.end.reason);
  });

  it("write the same where the cells of a window go round", async () => {
    // 256 of them, for batches of 64.
    const load = { threads: 1, batchTokens: 64, contextTokens: 1024 };
    let accepted = 0;
    for (const [temperature, seed] of [
      [1, 1],
      [1, 2],
      [0.7, 7],
      [1.5, 2],
    ] as const) {
      const sampling = { temperature, topK: 3, minP: 0, topP: 1, seed };
      const request = { prompt: [...prompt, 30 + seed], sampling, maxTokens: 700, logprobs: 1 };
      const { one, other } = await both(request, { modelPath: windowedPath, load });
      expect(other.deltas).toEqual(one.deltas);
      expect(other.end.tokens).toEqual(one.end.tokens);
      accepted += other.end.acceptedDraftTokens ?? 0;
    }
    expect(accepted).toBeGreaterThan(0);
  });
});
