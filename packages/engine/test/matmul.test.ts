import { tinyLlama } from "@puna/model-format/testing";
import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { createQuantizer } from "../src/create-quantizer.ts";
import { LlamaContext } from "../src/llama/native/context.ts";
import { Embedder } from "../src/llama/native/embedder.ts";
import { LlamaModel } from "../src/llama/native/model.ts";
import { collect } from "./support/collect.ts";
import { isUsed, library } from "./support/matmul-library.ts";
import { runnerEnv as env } from "./support/runner-env.ts";
import { tinyFiles } from "./support/tiny-files.ts";
import { tinySpec } from "./support/tiny-spec.ts";

const files = tinyFiles();
const manyTokens = Array.from({ length: 40 }, (_, index) => 5 + (index % 20));

const quantizer = createQuantizer({ folder: `${files.folder}/out`, env, threads: 1 });
// Rows of 256 values, as the K types need them.
const source = files.write("wide.gguf", tinyLlama({ embeddingLength: 256, blockCount: 1 }));

describe.skipIf(!isUsed)("llama.cpp calls", () => {
  it.each([
    ["floats", undefined],
    ["blocks", "Q8_0"],
    ["blocks", "Q5_0"],
    ["superblocks", "Q6_K"],
    ["superblocks", "Q5_K_S"],
    ["repacked", "Q4_K_S"],
    ["repacked", "Q4_0"],
    ["attention", "Q8_0"],
  ] as const)("our products of %s for a model of %s", async (kernel, type) => {
    const path = type === undefined ? files.bert : await quantizer.quantize(source, type);
    const spec = tinySpec(path, { embedding: type === undefined });
    const model = await LlamaModel.load(library, spec);
    const context = LlamaContext.create(model, spec);
    const calls = () => library.ownMatmul?.calls(kernel) ?? Number.NaN;
    const before = calls();
    const signal = AbortSignal.timeout(30_000);
    if (type === undefined)
      await new Embedder(model, context, spec.contextTokens).embed([manyTokens, manyTokens], signal);
    else {
      for (const [position, token] of manyTokens.entries()) context.add(0, token, position, false);
      expect(await context.decode()).toBe("done");
    }
    expect(calls() - before).toBeGreaterThan(0);
    context.free();
    model.free();
  });
});

describe.skipIf(!isUsed)("a model", () => {
  const [ours, theirs] = [{}, { PUNA_MATMUL: "stock" }].map((more) =>
    createEngine({ env: { ...env, ...more }, driver: "native" }),
  );
  afterAll(() => Promise.all([ours, theirs].map((engine) => engine?.[Symbol.asyncDispose]())));

  const probabilities = async (engine: NonNullable<typeof ours>, modelPath: string) => {
    await using lease = await engine.acquire({ modelPath, load: { threads: 2 } });
    const request = { prompt: manyTokens, sampling: { temperature: 0 }, maxTokens: 8, logprobs: 20 };
    return (await collect(lease, request)).deltas.flatMap(({ logprobs = [] }) => logprobs);
  };

  const withBoth = async <T>(run: (engine: NonNullable<typeof ours>) => Promise<T>) => {
    if (ours === undefined || theirs === undefined) throw new Error("two engines were made");
    return Promise.all([run(ours), run(theirs)]);
  };

  it("of floats gives nearly the vectors that it gives with llama.cpp's products", async () => {
    const [one, other] = await withBoth(async (engine) => {
      await using lease = await engine.acquire({
        modelPath: files.bert,
        load: { threads: 2, embedding: true },
      });
      return lease.embed([manyTokens, manyTokens.slice(3)]);
    });
    expect(one[0]?.length).toBeGreaterThan(0);
    for (const [index, value] of (one[0] ?? []).entries())
      expect(value).toBeCloseTo(other[0]?.[index] ?? Number.NaN, 4);
    expect(one).not.toEqual(other); // Other sums of the same numbers: they did not run alike.
  });

  it("of f32 gives the probabilities that it gives with llama.cpp's products, but for attention in f16", async () => {
    const [one, other] = await withBoth((engine) => probabilities(engine, source));
    expectNear(one, other, 0.01);
  });

  it.each(["Q8_0", "Q5_0", "Q4_0", "Q6_K", "Q5_K_S", "Q4_K_M"])(
    "of %s gives nearly the probabilities that it gives with llama.cpp's products",
    async (type) => {
      // The least difference of what goes into a product can change how tokens are rounded to eight bits.
      const modelPath = await quantizer.quantize(source, type);
      const [one, other] = await withBoth((engine) => probabilities(engine, modelPath));
      expectNear(one, other, 0.3);
    },
  );

  it("of Q4_K_M gives a stream the same probabilities to the bit, alone or among others", async () => {
    const modelPath = await quantizer.quantize(source, "Q4_K_M");
    await using engine = createEngine({ env, driver: "native", parallel: 4 });
    await using lease = await engine.acquire({ modelPath, load: { threads: 2 } });
    const run = async (first: number) => {
      const prompt = manyTokens.map((token) => ((token + first) % 20) + 5);
      const request = { prompt, sampling: { temperature: 0 }, maxTokens: 16, logprobs: 20 };
      return (await collect(lease, request)).deltas.flatMap(({ logprobs = [] }) => logprobs);
    };
    const alone = [await run(0), await run(1), await run(2), await run(3)];
    expect(alone[0]).toHaveLength(16);
    expect(await Promise.all([run(0), run(1), run(2), run(3)])).toEqual(alone);
  });

  it("gives the same probabilities to the bit with one thread and with two that share a long past", async () => {
    const modelPath = await quantizer.quantize(source, "Q4_K_M");
    const prompt = Array.from({ length: 450 }, (_, index) => 5 + (index % 20));
    const run = async (threads: number) => {
      await using engine = createEngine({ env, driver: "native" });
      await using lease = await engine.acquire({ modelPath, load: { threads } });
      const request = { prompt, sampling: { temperature: 0 }, maxTokens: 8, logprobs: 20 };
      return (await collect(lease, request)).deltas.flatMap(({ logprobs = [] }) => logprobs);
    };
    const one = await run(1);
    expect(one).toHaveLength(8);
    expect(await run(2)).toEqual(one);
  });

  it("gives nearly the same without flash attention, where keys and values are multiplied as weights", async () => {
    const modelPath = await quantizer.quantize(source, "Q8_0");
    const options = { driver: "native", flashAttention: false } as const;
    await using plain = createEngine({ ...options, env });
    await using stock = createEngine({ ...options, env: { ...env, PUNA_MATMUL: "stock" } });
    const [one, other] = [await probabilities(plain, modelPath), await probabilities(stock, modelPath)];
    expectNear(one, other, 0.005);
  });
});

type Probabilities = readonly { readonly id: number; readonly logprob: number }[];

function expectNear(one: Probabilities, other: Probabilities, most: number): void {
  expect(one).toHaveLength(8);
  for (const [index, { id, logprob }] of one.entries()) {
    expect(id).toBe(other[index]?.id);
    expect(Math.abs(logprob - (other[index]?.logprob ?? Number.NaN))).toBeLessThan(most);
  }
}
