import { encodeGguf, type GgufWriteTensor } from "@puna/model-format/gguf";
import { seededRandom, tinyLlama, tinyLora } from "@puna/model-format/testing";
import { afterAll, describe, expect, it } from "vitest";
import type { ModelLoadOptions, ModelSpec } from "../src/engine.ts";
import { collect } from "./support/collect.ts";
import { gemmaPath } from "./support/real-model.ts";
import { subjects } from "./support/subjects.ts";
import { tinyFiles } from "./support/tiny-files.ts";

const files = tinyFiles();
const otherLora = files.write("other-lora.gguf", tinyLora({ seed: 9 }));
const foreignLora = files.write("foreign-lora.gguf", loraOf("gemma3", "blk.0.attn_q.weight", [64, 64]));
const narrowLora = files.write("narrow-lora.gguf", loraOf("llama", "blk.0.attn_q.weight", [32, 64]));
const lostLora = files.write("lost-lora.gguf", loraOf("llama", "blk.9.attn_q.weight", [64, 64]));
// Heads of 32 values: quantized ones come in blocks of so many.
const wide = files.write("wide.gguf", tinyLlama({ embeddingLength: 128 }));
const threads = 1; // Other tests run beside these: one thread waits for nobody.
const greedy = { temperature: 0 };

/** Random weights for one matrix of a model: `[input, output]`. */
function loraOf(architecture: string, target: string, [input, output]: readonly [number, number], seed = 3) {
  const random = seededRandom(seed);
  const rank = 2;
  const matrix = (name: string, shape: readonly number[]): GgufWriteTensor => {
    const count = shape.reduce((product, length) => product * length, 1);
    const data = new Uint8Array(Float32Array.from({ length: count }, () => random() - 0.5).buffer);
    return { name, type: "F32", shape, data };
  };
  return encodeGguf({
    entries: [
      { key: "general.architecture", type: "string", value: architecture },
      { key: "general.type", type: "string", value: "adapter" },
      { key: "adapter.type", type: "string", value: "lora" },
      { key: "adapter.lora.alpha", type: "float32", value: rank },
    ],
    tensors: [matrix(`${target}.lora_a`, [input, rank]), matrix(`${target}.lora_b`, [rank, output])],
  });
}

describe.each(subjects.filter(({ isScripted }) => !isScripted))("$name", ({ create, refusesSome }) => {
  const engine = create();
  afterAll(() => engine[Symbol.asyncDispose]());

  const answer = async (spec: ModelSpec, prompt = "Adapt") => {
    await using lease = await engine.acquire({ ...spec, load: { threads, ...spec.load } });
    const { end } = await collect(lease, { prompt, sampling: greedy, maxTokens: 12 });
    return { tokens: end.tokens, pid: lease.info.pid };
  };

  describe("LoRA adapters", { timeout: 120_000 }, () => {
    const modelPath = files.llama;
    const adapted = (...adapters: readonly (readonly [string, number])[]) =>
      answer({ modelPath, adapters: adapters.map(([path, scale]) => ({ path, scale })) });

    it("change the answer by their scale, together too, and each change loads the model anew", async () => {
      const plain = await adapted();
      const unscaled = await adapted([files.lora, 0]);
      expect(unscaled.tokens).toEqual(plain.tokens);
      expect(unscaled.pid).not.toBe(plain.pid);
      const scaled = await adapted([files.lora, 4]);
      expect(scaled.tokens).not.toEqual(plain.tokens);
      const both = await adapted([files.lora, 4], [otherLora, 4]);
      expect(both.tokens).not.toEqual(scaled.tokens);
      expect((await adapted([files.lora, 4], [otherLora, 4])).pid).toBe(both.pid);
      expect((await adapted([files.lora, 4], [otherLora, 0])).tokens).toEqual(scaled.tokens);
    });

    it.each([
      ["of another architecture", foreignLora, /made for a model of type gemma3, and this one is llama/],
      ["of another width", narrowLora, /attn_q.weight has 64 × 64 values there, and 32 × 64 in the adapter/],
      ["for more blocks", lostLora, /it changes blk\.9\.attn_q\.weight, which the model lacks/],
      ["that are models", files.otherLlama, /is a model; name a file that holds an adapter/],
      ["that are missing", `${files.folder}/none.gguf`, /unable to load the LoRA adapter none\.gguf/],
    ])("%s are refused with the reason", async (_, path, message) => {
      const work = engine.acquire({ modelPath, adapters: [{ path, scale: 1 }] });
      await expect(work).rejects.toMatchObject({
        code: "LOAD_FAILED",
        message: expect.stringMatching(message),
      });
      await expect(work).rejects.not.toMatchObject({ message: expect.stringContaining(files.folder) });
    });
  });

  describe("load options", { timeout: 120_000 }, () => {
    const taken: readonly (readonly [string, ModelLoadOptions])[] = [
      ["no mapped file", { useMmap: false }],
      ["a mapped file", { useMmap: true }],
      ["more threads than there are cores", { threads: 4096 }],
      ["no layer on a GPU", { gpuLayers: 0 }],
      ["more layers on a GPU than there are", { gpuLayers: 999 }],
      ["flash attention", { flashAttention: true }],
      ["no flash attention", { flashAttention: false }],
      ["small batches", { batchTokens: 32 }],
      ["a cache of f16", { kvCacheType: "f16" }],
      ["a cache of q8_0", { kvCacheType: "q8_0", flashAttention: true }],
      ["a cache of q8_0, and nothing said about flash attention", { kvCacheType: "q8_0" }],
      ["a cache of q4_0", { kvCacheType: "q4_0", flashAttention: true }],
    ];
    it.each(taken)("take %s", async (_, load) => {
      await using lease = await engine.acquire({ modelPath: wide, load: { threads, ...load } });
      const { end } = await collect(lease, { prompt: "Load", sampling: greedy, maxTokens: 4 });
      expect(end.generatedTokens).toBe(4);
    });

    const refused: readonly (readonly [string, ModelLoadOptions, string, RegExp])[] = [
      ["an unknown cache", { kvCacheType: "q3" }, "UNSUPPORTED", /KV cache type "q3" is unknown/],
      [
        "a quantized cache without flash attention",
        { kvCacheType: "q8_0", flashAttention: false },
        "UNSUPPORTED",
        /needs flash attention, which is off; switch it on or use f16/,
      ],
    ];
    it.each(refused)("refuse %s", async (_, load, code, message) => {
      const work = engine.acquire({ modelPath: wide, load: { threads, ...load } });
      await expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
      // What cannot be loaded harms nothing.
      expect((await answer({ modelPath: wide })).tokens.length).toBeGreaterThan(12);
    });

    it("take the first of the GPUs, or say that this driver has no way to choose one", async () => {
      const work = answer({ modelPath: wide, load: { mainGpu: 0 } });
      if (refusesSome) await expect(work).rejects.toMatchObject({ code: "UNSUPPORTED" });
      else expect((await work).tokens.length).toBeGreaterThan(12);
    });
  });

  const gemma = gemmaPath();
  it.skipIf(gemma === undefined)(
    "applies adapters to a real model by their scale",
    { timeout: 240_000 },
    async () => {
      const modelPath = gemma ?? "";
      const write = (name: string, seed: number) =>
        files.write(name, loraOf("gemma3", "blk.9.attn_q.weight", [640, 1024], seed));
      const [one, two] = [write(`gemma-1-${refusesSome}.gguf`, 1), write(`gemma-2-${refusesSome}.gguf`, 2)];
      const adapted = async (...scales: readonly [string, number][]) => {
        const adapters = scales.map(([path, scale]) => ({ path, scale }));
        return (await answer({ modelPath, adapters }, "The lighthouse keeper said that")).tokens;
      };
      const plain = await adapted();
      expect(await adapted([one, 0])).toEqual(plain);
      const first = await adapted([one, 1]);
      expect(first).not.toEqual(plain);
      expect(await adapted([one, 1], [two, 1])).not.toEqual(first);
    },
  );
});
