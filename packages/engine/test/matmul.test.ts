import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { LlamaContext } from "../src/llama/native/context.ts";
import { Embedder } from "../src/llama/native/embedder.ts";
import { loadLlamaLibrary } from "../src/llama/native/library.ts";
import { LlamaModel } from "../src/llama/native/model.ts";
import { tinyFiles } from "./support/tiny-files.ts";
import { tinySpec } from "./support/tiny-spec.ts";

const path = fileURLToPath(new URL(`../matmul/${process.platform}-${process.arch}.so`, import.meta.url));
const isBuilt = existsSync(path);
const isTheirKind = process.platform === "linux" && process.arch === "x64";
const library = loadLlamaLibrary();
library.c.llama_log_set(library.silentLogAddress, null);
const isUsed = library.ownMatmul !== undefined;
const flags = isTheirKind ? readFileSync("/proc/cpuinfo", "utf8") : "";
const has = (flag: string) => new RegExp(`\\b${flag}\\b`).test(flags);
const canRun = isBuilt && ["avx2", "fma", "f16c"].every(has);
// A check that skips where it should run is none.
if (process.env["CI"] && isTheirKind) {
  const source = fileURLToPath(new URL("../matmul/matmul.c", import.meta.url));
  if (!isBuilt) throw new Error(`${path} was not built`);
  if (statSync(path).mtimeMs < statSync(source).mtimeMs) throw new Error(`${path} is older than its source`);
  if (canRun && !has("avx512f") && !isUsed) throw new Error("the kernels for f16 are not used here");
}
if (!isUsed)
  console.log("the kernels for f16 were not built, or are not for this processor: some tests skip");

const f32 = 0;
const f16 = 1;
const bf16 = 30;

it.skipIf(!isUsed)("llama.cpp calls the kernels for f16", async () => {
  const files = tinyFiles();
  const spec = tinySpec(files.bert, { embedding: true });
  const model = await LlamaModel.load(library, spec);
  const context = LlamaContext.create(model, spec);
  const before = library.ownMatmul?.calls() ?? Number.NaN;
  await new Embedder(model, context).embed([manyTokens, manyTokens], AbortSignal.timeout(30_000));
  expect((library.ownMatmul?.calls() ?? 0) - before).toBeGreaterThan(0);
  context.free();
  model.free();
});

describe.skipIf(!canRun)("the kernels for f16, bf16 and f32", () => {
  it.each([
    ["f16", f16],
    ["bf16", bf16],
    ["f32", f32],
  ])("multiply %s rows by tokens, whatever the shape, and write nowhere else", (_, type) => {
    const multiply = koffi
      .load(path)
      .func(
        "bool llamafile_sgemm(void *params, int64_t m, int64_t n, int64_t k, void *a, int64_t lda, void *b, int64_t ldb, void *c, int64_t ldc, int at, int bt, int ct)",
      );
    const random = randomNumbers(type + 1);
    const whole = (below: number) => Math.floor(random() * below);
    for (let round = 0; round < 60; round++) {
      const [m, n, k] = [16 + whole(60), 12 + whole(30), 1 + whole(round % 6 === 0 ? 700 : 40)];
      const [lda, ldb, ldc] = [k + whole(3), k + whole(3), m + whole(3)];
      const weights = Array.from({ length: m * lda }, () => half(random() * 2 - 1, type));
      const tokens = Float32Array.from({ length: n * ldb }, () => random() * 2 - 1);
      const found = new Float32Array(n * ldc).fill(-7);
      const threads = 1 + whole(4);
      for (let ith = 0; ith < threads; ith++) {
        const params = new Uint8Array(40);
        new Int32Array(params.buffer).set([ith, threads]);
        const a = typedWeights(weights, type);
        expect(multiply(params, m, n, k, a, lda, tokens, ldb, found, ldc, type, f32, f32)).toBe(true);
      }
      const shape = `${m} × ${k} by ${n}, ${threads} threads`;
      let [worst, strays] = [0, 0];
      for (let j = 0; j < n; j++) {
        for (let i = 0; i < ldc; i++) {
          const value = found[j * ldc + i] ?? Number.NaN;
          if (i >= m) strays += value === -7 ? 0 : 1;
          else {
            let sum = 0;
            for (let l = 0; l < k; l++) sum += (weights[i * lda + l] ?? 0) * (tokens[j * ldb + l] ?? 0);
            worst = Math.max(worst, Math.abs(value - sum));
          }
        }
      }
      expect(strays, shape).toBe(0);
      expect(worst, shape).toBeLessThan(1e-6 * (k + 10));
    }
  });
});

describe.skipIf(!isUsed)("a model", () => {
  const files = tinyFiles();
  const engines = [{}, { PUNA_MATMUL: "stock" }].map((env) =>
    createEngine({ env: { PATH: process.env["PATH"], ...env }, driver: "native" }),
  );
  afterAll(() => Promise.all(engines.map((engine) => engine[Symbol.asyncDispose]())));

  it("says the same with them as with llama.cpp's own", async () => {
    const [ours, theirs] = await Promise.all(
      engines.map(async (engine) => {
        await using lease = await engine.acquire({
          modelPath: files.bert,
          load: { threads: 2, embedding: true },
        });
        return lease.embed([manyTokens, manyTokens.slice(3)]);
      }),
    );
    const [one, other] = [ours?.[0] ?? [], theirs?.[0] ?? []];
    expect(one.length).toBeGreaterThan(0);
    for (const [index, value] of one.entries()) expect(value).toBeCloseTo(other[index] ?? Number.NaN, 4);
    expect(ours).not.toEqual(theirs); // Other sums of the same numbers: they did not run alike.
  });
});

const manyTokens = Array.from({ length: 40 }, (_, index) => 5 + (index % 20));

/** A small generator of its own, so that a failure can be told again. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The nearest value that the type holds, roughly: so many bits of it. */
function half(value: number, type: number): number {
  if (type === f32) return Math.fround(value);
  const steps = type === f16 ? 2 ** 10 : 2 ** 7;
  return Math.round(value * steps) / steps;
}

function typedWeights(values: readonly number[], type: number): Uint8Array | Float32Array {
  if (type === f32) return Float32Array.from(values);
  const bits = type === f16 ? values.map(halfBits) : values.map((value) => floatBits(value) >>> 16);
  return new Uint8Array(Uint16Array.from(bits).buffer);
}

function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** Of values that f16 holds exactly as normal numbers, or 0. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const bits = floatBits(value);
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  return ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}
