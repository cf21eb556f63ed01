import { expect, test } from "vitest";
import { GgufError } from "../errors.ts";
import { bytesSource } from "./bytes-source.ts";
import { planCompatibility, toNativeOverride } from "./compat-overrides.ts";
import { editGgufHeader } from "./edit-header.ts";
import { readGguf } from "./header.ts";
import { encodeGguf, type GgufWriteEntry } from "./write-gguf.ts";

const text = (key: string, value: string): GgufWriteEntry => ({ key, type: "string", value });
const u32 = (key: string, value: number): GgufWriteEntry => ({ key, type: "uint32", value });
const f32 = (key: string, value: number): GgufWriteEntry => ({ key, type: "float32", value });

function synthetic(
  architecture: string,
  entries: readonly GgufWriteEntry[],
  tensors: Readonly<Record<string, readonly number[]>> = {},
) {
  const bytes = encodeGguf({
    entries: [text("general.architecture", architecture), ...entries],
    tensors: Object.entries(tensors).map(([name, shape]) => {
      const count = shape.reduce((product, length) => product * length, 1);
      return { name, type: "I8", shape, data: new Uint8Array(count) };
    }),
  });
  return readGguf(bytesSource(bytes));
}

function flat(overrides: readonly GgufWriteEntry[]): Record<string, unknown> {
  return Object.fromEntries(
    overrides.map((entry) => [
      entry.key,
      "value" in entry ? (entry.type === "array" ? [...entry.value] : entry.value) : "bytes",
    ]),
  );
}

const llama3Tokens = Array.from({ length: 128_010 }, (_, index) => {
  if (index === 128_009) return "<|eot_id|>";
  return index === 128_006 ? "<|start_header_id|>" : "t";
});
const tokens = (value: readonly string[]): GgufWriteEntry => ({
  key: "tokenizer.ggml.tokens",
  type: "array",
  elementType: "string",
  value,
});

test("Llama 3 files that end at the wrong token are told the right one, in memory", async () => {
  const plan = await planCompatibility(
    await synthetic("llama", [tokens(llama3Tokens), u32("tokenizer.ggml.eos_token_id", 128_001)]),
  );
  expect(plan).toMatchObject({ name: "llama3-tokenizer", inMemory: true });
  expect(flat(plan?.overrides ?? [])).toEqual({
    "tokenizer.ggml.pre": "llama-bpe",
    "tokenizer.ggml.eos_token_id": 128_009,
    "tokenizer.ggml.eot_token_id": 128_009,
  });
});

test("a sound Llama 3 file and other llama files are left alone", async () => {
  const sound = [
    tokens(llama3Tokens),
    u32("tokenizer.ggml.eos_token_id", 128_009),
    text("tokenizer.ggml.pre", "llama-bpe"),
  ];
  expect(await planCompatibility(await synthetic("llama", sound))).toBeUndefined();
  expect(await planCompatibility(await synthetic("llama", [tokens(["a", "b"])]))).toBeUndefined();
  expect(await planCompatibility(await synthetic("qwen3", []))).toBeUndefined();
});

test("gemma3 text files get their epsilon and rope settings, in memory", async () => {
  const entries = [u32("gemma3.context_length", 131_072), f32("gemma3.rope.local.freq_base", 12_345)];
  const plan = await planCompatibility(await synthetic("gemma3", entries));
  expect(plan).toMatchObject({ name: "gemma3", inMemory: true });
  expect(flat(plan?.overrides ?? [])).toEqual({
    "gemma3.attention.layer_norm_rms_epsilon": 1e-6,
    "gemma3.rope.freq_base": 1_000_000,
    "gemma3.rope.freq_base_swa": 12_345,
    "gemma3.rope.scaling.type": "linear",
    "gemma3.rope.scaling.factor": 8,
  });
});

test("gemma3 files of llama.cpp's converter are left alone", async () => {
  const entries = [
    f32("gemma3.attention.layer_norm_rms_epsilon", 1e-6),
    f32("gemma3.rope.freq_base", 1_000_000),
  ];
  expect(await planCompatibility(await synthetic("gemma3", entries))).toBeUndefined();
});

test("the replacement table of snowflake-arctic-embed2 becomes bytes", async () => {
  const characters = [...Buffer.from([1, 2, 250, 3]).toString("base64")];
  const table: GgufWriteEntry = {
    key: "tokenizer.ggml.precompiled_charsmap",
    type: "array",
    elementType: "string",
    value: characters,
  };
  const plan = await planCompatibility(await synthetic("bert", [text("tokenizer.ggml.model", "t5"), table]));
  expect(plan).toMatchObject({ name: "snowflake-arctic-embed2", inMemory: false });
  expect(flat(plan?.overrides ?? [])).toEqual({ "tokenizer.ggml.precompiled_charsmap": [1, 2, 250, 3] });
});

test("gemma4 files with a SentencePiece name get the right tokenizer", async () => {
  const plan = await planCompatibility(await synthetic("gemma4", [text("tokenizer.ggml.model", "llama")]));
  expect(plan).toMatchObject({ inMemory: true });
  expect(flat(plan?.overrides ?? [])).toEqual({ "tokenizer.ggml.model": "gemma4" });
});

test("olmo3 files become olmo2 through a new header", async () => {
  const pattern: GgufWriteEntry = {
    key: "olmo3.attention.sliding_window_pattern",
    type: "array",
    elementType: "bool",
    value: [true, false],
  };
  const gguf = await synthetic("olmo3", [
    u32("olmo3.attention.head_count", 4),
    f32("olmo3.attention.layer_norm_rms_epsilon", 1e-6),
    pattern,
  ]);
  const plan = await planCompatibility(gguf);
  expect(plan).toMatchObject({ name: "olmo3", inMemory: false });
  const header = await editGgufHeader(gguf, { set: plan?.overrides ?? [] });
  const { metadata } = await readGguf(bytesSource(header));
  expect(metadata.architecture).toBe("olmo2");
  expect(metadata.number("olmo2.attention.head_count")).toBe(4);
  expect(await metadata.array("olmo2.attention.sliding_window_pattern")?.toArray()).toEqual([true, false]);
});

test("mistral3 text files get the new names of their YaRN settings, in memory", async () => {
  const plan = await planCompatibility(
    await synthetic("mistral3", [
      f32("mistral3.rope.scaling.beta_fast", 32),
      f32("mistral3.rope.scaling_beta", 0.5),
    ]),
  );
  expect(plan).toMatchObject({ name: "mistral3", inMemory: true });
  expect(flat(plan?.overrides ?? [])).toEqual({
    "mistral3.rope.scaling.yarn_beta_fast": 32,
    "mistral3.attention.temperature_scale": 0.5,
    "tokenizer.ggml.pre": "tekken",
  });
});

test("qwen25vl text files become qwen2vl with four rope sections", async () => {
  const sections: GgufWriteEntry = {
    key: "qwen25vl.rope.mrope_section",
    type: "array",
    elementType: "int32",
    value: [16, 24, 24],
  };
  const plan = await planCompatibility(
    await synthetic("qwen25vl", [u32("qwen25vl.block_count", 2), sections]),
  );
  expect(flat(plan?.overrides ?? [])).toMatchObject({
    "general.architecture": "qwen2vl",
    "qwen2vl.block_count": 2,
    "qwen2vl.rope.dimension_sections": [16, 24, 24, 0],
  });
});

test("qwen3vl text files get their rope sections", async () => {
  const plan = await planCompatibility(await synthetic("qwen3vlmoe", []));
  expect(flat(plan?.overrides ?? [])).toEqual({
    "qwen3vlmoe.rope.dimension_sections": [24, 20, 20, 0],
    "qwen3vlmoe.n_deepstack_layers": 0,
  });
});

test("glm4moelite files become deepseek2 with one latent head", async () => {
  const stops: GgufWriteEntry = {
    key: "tokenizer.ggml.eos_token_ids",
    type: "array",
    elementType: "int32",
    value: [7, 8, 9],
  };
  const plan = await planCompatibility(
    await synthetic("glm4moelite", [
      u32("glm4moelite.attention.head_count_kv", 20),
      u32("glm4moelite.attention.key_length", 192),
      u32("glm4moelite.attention.kv_lora_rank", 512),
      u32("glm4moelite.rope.dimension_count", 64),
      stops,
    ]),
  );
  expect(flat(plan?.overrides ?? [])).toEqual({
    "general.architecture": "deepseek2",
    "deepseek2.attention.kv_lora_rank": 512,
    "deepseek2.rope.dimension_count": 64,
    "deepseek2.attention.head_count_kv": 1,
    "deepseek2.attention.key_length": 576,
    "deepseek2.attention.value_length": 512,
    "deepseek2.attention.key_length_mla": 192,
    "deepseek2.attention.value_length_mla": 192,
    "deepseek2.expert_group_count": 1,
    "deepseek2.expert_group_used_count": 1,
    "tokenizer.ggml.eot_token_id": 8,
    "tokenizer.ggml.eom_token_id": 9,
    "tokenizer.ggml.pre": "glm4",
  });
});

test.each([
  ["gptoss", "gptoss", [], { "blk.0.attn_out.weight": [2] }],
  ["embeddinggemma", "gemma3", [], { "dense.0.weight": [2] }],
  ["gemma3", "gemma3", [], { "v.blk.0.weight": [2] }],
  ["gemma3", "gemma3", [tokens(["a", "b", "c"])], { "token_embd.weight": [4, 2] }],
  ["gemma3n", "gemma3n", [], { "token_embd.weight": [4, 3], "per_layer_token_embd.weight": [4, 2] }],
  ["gemma4", "gemma4", [], { "a.blk.0.weight": [2] }],
  ["lfm2", "lfm2", [], { "output_norm.weight": [2] }],
  ["mistral3", "mistral3", [], { "mm.0.weight": [2] }],
  ["qwen25vl", "qwen25vl", [], { "v.blk.0.weight": [2] }],
  ["qwen3vl", "qwen3vl", [], { "v.blk.0.weight": [2] }],
  ["qwen35", "qwen35moe", [], { "mtp.layers.0.weight": [2] }],
  ["qwen3next", "qwen3next", [], { "blk.0.ssm_dt": [2] }],
  ["glmocr", "glmocr", [], {}],
  ["deepseekocr", "deepseekocr", [], {}],
  ["llama4", "llama4", [], { "v.blk.0.weight": [2] }],
  ["laguna", "laguna", [], { "blk.0.attn_g.weight": [2] }],
  ["nemotron_h", "nemotron_h_omni", [], { "v.blk.0.weight": [2] }],
  ["nemotron_h", "nemotron_h_moe", [], { "blk.1.ffn_latent_in.weight": [2] }],
] satisfies [string, string, GgufWriteEntry[], Record<string, number[]>][])(
  "%s: %s files whose tensors would have to change are refused by name",
  async (name, architecture, entries, tensors) => {
    const error: unknown = await planCompatibility(await synthetic(architecture, entries, tensors)).catch(
      (reason: unknown) => reason,
    );
    if (!GgufError.is(error)) throw new Error(`expected a refusal, got ${String(error)}`);
    expect(error.code).toBe("GGUF_UNSUPPORTED");
    expect(error.message).toContain(`(${name})`);
    expect(error.message).toContain("hf.co");
  },
);

test.each(["gemma4", "lfm2", "llama4", "laguna", "qwen35", "nemotron_h_moe", "qwen3next"])(
  "a %s file of llama.cpp's converter is left alone",
  async (architecture) => {
    const tensors = {
      "token_embd.weight": [4, 2],
      "token_embd_norm.weight": [4],
      "blk.0.attn_q.weight": [4, 4],
    };
    expect(await planCompatibility(await synthetic(architecture, [], tensors))).toBeUndefined();
  },
);

test("an override takes llama.cpp's own form where llama.cpp heeds it", async () => {
  const { metadata } = await synthetic("llama", [u32("llama.attention.head_count", 4)]);
  expect(toNativeOverride(u32("llama.attention.head_count", 8), metadata)).toEqual({
    key: "llama.attention.head_count",
    type: "int",
    value: 8n,
  });
  expect(toNativeOverride(u32("llama.attention.head_count_kv", 8), metadata)).toBeUndefined();
  expect(toNativeOverride(text("k", "x".repeat(128)), metadata)).toBeUndefined();
  expect(toNativeOverride(f32("k", 0.5), metadata)).toEqual({ key: "k", type: "float", value: 0.5 });
});
