import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { bytesSource, readGguf } from "@puna/model-format/gguf";
import { tinyLlama } from "@puna/model-format/testing";
import { afterAll, describe, expect, it } from "vitest";
import { LlamaContext } from "../src/llama/native/context.ts";
import { loadLlamaLibrary } from "../src/llama/native/library.ts";
import { locateLibraries } from "../src/llama/native/locate.ts";
import { LlamaModel } from "../src/llama/native/model.ts";
import { NativeMemory } from "../src/llama/native/native-memory.ts";
import { rewriteHeader } from "../src/rewrite-header.ts";
import { tinyFiles } from "./support/tiny-files.ts";
import { tinySpec } from "./support/tiny-spec.ts";

// The only place where native code runs outside a runner: these tests are about what would end a process.
const files = tinyFiles();
const library = loadLlamaLibrary();
library.c.llama_log_set(library.silentLogAddress, null);
const spec = tinySpec(files.llama);
const model = await LlamaModel.load(library, spec);
const context = LlamaContext.create(model, spec);
afterAll(() => {
  context.free();
  model.free();
});

async function read(tokens: readonly number[], sequence = 0): Promise<Float32Array> {
  context.cut(sequence, 0);
  let last = 0;
  for (const [position, token] of tokens.entries()) {
    last = context.add(sequence, token, position, position === tokens.length - 1);
  }
  expect(await context.decode()).toBe("done");
  return context.logits(last);
}

it("finds no library on a platform that has none", () => {
  expect(locateLibraries("sunos", "x64")).toEqual([]);
  expect(locateLibraries(process.platform, process.arch).length).toBeGreaterThan(0);
});

it("takes the libraries of a folder that is named, and no others", () => {
  const [prebuilt] = locateLibraries(process.platform, process.arch);
  const named = (folder: string) => locateLibraries(process.platform, process.arch, folder);
  expect(named(prebuilt?.folder ?? "")).toEqual([prebuilt]);
  expect([named("/nowhere/at/all"), named(import.meta.dirname)]).toEqual([[], []]);
  expect(named("").length).toBeGreaterThan(0);
});

describe("what would end the process is refused", () => {
  it("tokens, sequences and positions out of range", () => {
    expect(() => context.add(0, -1, 0, true)).toThrow(/vocabulary/);
    expect(() => context.add(0, 1e9, 0, true)).toThrow(/vocabulary/);
    expect(() => context.add(0, 1.5, 0, true)).toThrow(/vocabulary/);
    expect(() => context.add(2, 1, 0, true)).toThrow(/sequence 2/);
    expect(() => context.add(0, 1, 512, true)).toThrow(/position 512/);
    expect(() => context.positions(9999)).toThrow(/sequence 9999/);
    expect(() => context.cut(-1, 0)).toThrow(/sequence -1/);
    expect(() => context.shift(0, 5, 5)).toThrow(/cannot be shifted/);
    expect(() => model.piece(-5, true)).toThrow(/vocabulary/);
    expect(() => model.detokenize([1, 2, 70_000])).toThrow(/vocabulary/);
  });

  it("a batch with more tokens than it holds", async () => {
    for (let position = 0; position < 64; position++) context.add(0, 5, position, position === 63);
    expect(() => context.add(0, 5, 64, false)).toThrow(/holds 64/);
    expect(await context.decode()).toBe("done");
  });

  it("nothing that was taken out of a batch again", async () => {
    context.cut(0, 0);
    const alone = await read([1, 5, 6]);
    context.cut(0, 0);
    context.add(0, 1, 0, false);
    context.add(0, 5, 1, false);
    // Places that llama.cpp would refuse, and as many logits as there is room for.
    for (let position = 9; position < 9 + spec.parallel; position++) context.add(1, 7, position, true);
    context.takeBack(spec.parallel);
    const last = context.add(0, 6, 2, true);
    expect(await context.decode()).toBe("done");
    expect(context.logits(last)).toEqual(alone);
    expect(context.positions(1).last).toBe(-1);
  });

  it("more logits than there is room for", async () => {
    context.cut(0, 0);
    for (let position = 0; position < 3; position++) context.add(0, 5, position, position < spec.parallel);
    expect(() => context.add(0, 5, 3, true)).toThrow(/logits for 2 tokens/);
    expect(await context.decode()).toBe("done");
  });

  it("logits of tokens that have none", async () => {
    await read([1, 5, 6]);
    expect(() => context.logits(0)).toThrow(/no logits/);
    expect(() => context.logits(64)).toThrow(/no logits/);
    expect(context.logits(2)).toHaveLength(model.vocabularySize);
  });

  it("a context that is touched while it decodes", async () => {
    context.cut(0, 0);
    context.add(0, 1, 0, true);
    const decoding = context.decode();
    expect(() => context.cut(0, 0)).toThrow(/while a decode is running/);
    await expect(context.decode()).rejects.toThrow(/while a decode is running/);
    expect(() => context.free()).toThrow(/while a decode is running/);
    expect(await decoding).toBe("done");
  });

  it("sampling options that C would not survive", () => {
    const make = (sampling: object) => context.createSampler({ prompt: "", sampling }, []);
    expect(() => make({ repeatPenalty: 0, repeatLastN: 4 })).toThrow(/repeatPenalty/);
    expect(() => make({ frequencyPenalty: Number.NaN })).toThrow(/finite/);
    expect(() => make({ logitBias: [{ token: 99_999, bias: 1 }] })).toThrow(/vocabulary/);
  });

  it("whatever was freed", async () => {
    const gone = await LlamaModel.load(library, spec);
    const lost = LlamaContext.create(gone, spec);
    lost.free();
    expect(() => lost.add(0, 1, 0, true)).toThrow(/freed/);
    expect(() => lost.saveState(0, "whole")).toThrow(/freed/);
    gone.free();
    expect(() => gone.tokenize("x", true)).toThrow(/freed/);
    gone.free();
    const memory = new NativeMemory(8);
    memory.free();
    expect(() => memory.pointer).toThrow(/freed/);
  });
});

it("takes a state that is garbage for none and goes on", async () => {
  expect(context.restoreState(1, new Uint8Array(1000).fill(7), "whole")).toBe(false);
  expect(await read([1, 5, 6], 1)).toHaveLength(model.vocabularySize);
});

it("gives the same logits after saving, cutting and restoring a sequence, in another one too", async () => {
  const expected = await read([1, 40, 41, 42, 43]);
  const state = context.saveState(0, "whole");
  context.cut(0, 0);
  context.cut(1, 0);
  expect(context.restoreState(1, state, "whole")).toBe(true);
  expect(context.positions(1)).toEqual({ first: 0, last: 4 });
  expect(context.cut(1, 4)).toBe(true);
  const at = context.add(1, 43, 4, true);
  expect(await context.decode()).toBe("done");
  const found = context.logits(at);
  for (const [token, logit] of expected.entries()) expect(found[token]).toBeCloseTo(logit, 4);
});

it("stops in the middle of a decode when told, and can be used at once", async () => {
  const wide = files.write(
    "wide.gguf",
    tinyLlama({ embeddingLength: 512, blockCount: 12, contextTokens: 4096 }),
  );
  const bigSpec = { ...spec, modelPath: wide, contextTokens: 4096, parallel: 1, batchTokens: 2048 };
  const big = await LlamaModel.load(library, bigSpec);
  const slow = LlamaContext.create(big, bigSpec);
  const fill = () => {
    for (let position = 0; position < 2048; position++)
      slow.add(0, 5 + (position % 90), position, position === 2047);
  };
  fill();
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  expect(await slow.decode()).toBe("done");
  const wholeMs = performance.now() - started;
  const wholeCpu = process.cpuUsage(cpuBefore).user;
  slow.cut(0, 0);
  fill();
  const again = process.cpuUsage();
  setTimeout(() => slow.abort(), wholeMs / 10);
  expect(await slow.decode()).toBe("aborted");
  // What it took of the machine, whatever else runs there.
  expect(process.cpuUsage(again).user).toBeLessThan(wholeCpu * 0.8);
  slow.cut(0, 0);
  slow.add(0, 1, 0, true);
  expect(await slow.decode()).toBe("done");
  slow.free();
  big.free();
});

it("reads corrected metadata in the place of the file's", async () => {
  const kvOverrides = [
    { key: "tokenizer.ggml.add_bos_token", type: "bool", value: false },
    { key: "llama.context_length", type: "int", value: 77n },
    { key: "llama.attention.layer_norm_rms_epsilon", type: "float", value: 1e-3 },
    { key: "tokenizer.ggml.pre", type: "string", value: "default" },
  ] as const;
  const corrected = await LlamaModel.load(library, { ...spec, kvOverrides });
  expect(model.tokenize("x", true)[0]).toBe(1);
  expect(corrected.tokenize("x", true)[0]).not.toBe(1);
  expect(corrected.trainedContextTokens).toBe(77);
  corrected.free();
});

it("copies a model under another header where that is needed, and removes the copy", async () => {
  const before = createHash("sha256").update(readFileSync(files.llama)).digest("hex");
  const gguf = await readGguf(bytesSource(new Uint8Array(readFileSync(files.llama))));
  const rewrite = rewriteHeader(files.llama, gguf, {
    set: [
      { key: "tokenizer.ggml.add_bos_token", type: "bool", value: false },
      { key: "test.numbers", type: "array", elementType: "uint32", value: [1, 2, 3] },
    ],
  });
  const copy = await rewrite();
  const corrected = await LlamaModel.load(library, { ...spec, filePath: copy.path });
  expect(corrected.tokenize("x", true)[0]).not.toBe(1);
  expect(corrected.detokenize(corrected.tokenize("the same weights", false))).toBe("the same weights");
  corrected.free();
  await copy[Symbol.asyncDispose]();
  expect(() => readFileSync(copy.path)).toThrow(/ENOENT/);
  expect(createHash("sha256").update(readFileSync(files.llama)).digest("hex")).toBe(before);
});
