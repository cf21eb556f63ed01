import { encodeGguf, type GgufWriteEntry } from "@puna/model-format/gguf";
import { seededRandom, tinyBert } from "@puna/model-format/testing";

/** Sizes that the loader's checks can be followed with: 4 heads of 16, 2 of keys and values. */
const width = 64;
const heads = 4;
const headLength = 16;
const keyWidth = 2 * headLength;
/** The sections of three axes that Qwen 3 VL is told need heads of its own length. */
const longHead = 128;
const blocks = 2;
const inner = 128;
const experts = 2;

type Shapes = Readonly<Record<string, readonly number[]>>;

const u32 = (key: string, value: number): GgufWriteEntry => ({ key, type: "uint32", value });
const f32 = (key: string, value: number): GgufWriteEntry => ({ key, type: "float32", value });
const text = (key: string, value: string): GgufWriteEntry => ({ key, type: "string", value });
const flags = (key: string, value: readonly boolean[]): GgufWriteEntry => ({
  key,
  type: "array",
  elementType: "bool",
  value,
});
const texts = (key: string, value: readonly string[]): GgufWriteEntry => ({
  key,
  type: "array",
  elementType: "string",
  value,
});
const ints = (key: string, value: readonly number[]): GgufWriteEntry => ({
  key,
  type: "array",
  elementType: "int32",
  value,
});

/** A file whose tensors would have to change, too: no metadata helps. */
export const misnamedFile = (): Uint8Array =>
  build("gptoss", (block) => ({ [`${block}.attn_out.weight`]: [width, width] }), {
    entries: epsilon("gptoss"),
  });

/** Files as Ollama's converter writes them, small and of random weights, one for each deviation of metadata. */
export const deviantFiles: Readonly<Record<string, () => Uint8Array>> = {
  llama: () => build("llama", llamaBlock, { tokens: llama3Tokens(), entries: epsilon("llama") }),
  gptoss: () =>
    build(
      "gptoss",
      (block) => ({
        ...attention(block),
        ...norms(block, ["attn_norm", "post_attention_norm"]),
        [`${block}.attn_output.bias`]: [width],
        [`${block}.attn_sinks.weight`]: [heads],
        [`${block}.ffn_gate_inp.weight`]: [width, experts],
        [`${block}.ffn_gate_inp.bias`]: [experts],
        ...Object.fromEntries(
          ["gate", "up"].flatMap((name) => [
            [`${block}.ffn_${name}_exps.weight`, [width, inner, experts]],
            [`${block}.ffn_${name}_exps.bias`, [inner, experts]],
          ]),
        ),
        [`${block}.ffn_down_exps.weight`]: [inner, width, experts],
        [`${block}.ffn_down_exps.bias`]: [width, experts],
      }),
      {
        entries: [
          ...epsilon("gptoss"),
          u32("gptoss.attention.sliding_window", 128),
          u32("gptoss.expert_count", experts),
          u32("gptoss.expert_used_count", 1),
          f32("gptoss.rope.scaling.factor", 32),
          u32("gptoss.rope.scaling.original_context_length", 128),
        ],
      },
    ),
  gemma3: () =>
    build("gemma3", gemmaBlock, {
      entries: [
        u32("gemma3.attention.sliding_window", 128),
        f32("gemma3.rope.global.freq_base", 1_000_000),
        f32("gemma3.rope.local.freq_base", 10_000),
      ],
    }),
  gemma4: () =>
    build("gemma4", gemmaBlock, {
      extra: { "rope_freqs.weight": [headLength / 2] },
      entries: [
        ...epsilon("gemma4"),
        u32("gemma4.attention.sliding_window", 128),
        flags("gemma4.attention.sliding_window_pattern", [true, false]),
        u32("gemma4.embedding_length_per_layer_input", 0),
        u32("gemma4.attention.key_length_swa", headLength),
        u32("gemma4.attention.value_length_swa", headLength),
        texts("tokenizer.ggml.merges", ["t h"]),
      ],
    }),
  olmo3: () =>
    build(
      "olmo3",
      (block) => ({
        ...attention(block),
        ...feedForward(block),
        [`${block}.attn_q_norm.weight`]: [width],
        [`${block}.attn_k_norm.weight`]: [keyWidth],
        ...norms(block, ["post_attention_norm", "post_ffw_norm"]),
      }),
      {
        entries: [
          ...epsilon("olmo3"),
          u32("olmo3.attention.sliding_window", 128),
          flags("olmo3.attention.sliding_window_pattern", [true, false]),
        ],
      },
    ),
  mistral3: () =>
    build("mistral3", llamaBlock, {
      entries: [
        ...epsilon("mistral3"),
        f32("mistral3.rope.scaling.beta_fast", 32),
        f32("mistral3.rope.scaling.beta_slow", 1),
        f32("mistral3.rope.scaling.mscale_all_dim", 1),
        f32("mistral3.rope.scaling_beta", 0.1),
        text("mistral3.rope.scaling.type", "yarn"),
        f32("mistral3.rope.scaling.factor", 16),
        u32("mistral3.rope.scaling.original_context_length", 64),
      ],
    }),
  qwen25vl: () =>
    build("qwen25vl", llamaBlock, {
      entries: [...epsilon("qwen25vl"), ints("qwen25vl.rope.mrope_section", [4, 2, 2])],
    }),
  qwen3vl: () =>
    build("qwen3vl", (block) => qwen3Block(block, longHead), {
      entries: [
        ...epsilon("qwen3vl"),
        u32("qwen3vl.attention.key_length", longHead),
        u32("qwen3vl.attention.value_length", longHead),
        u32("qwen3vl.rope.dimension_count", longHead),
      ],
      replaces: ["rope.dimension_count", "attention.key_length", "attention.value_length"],
    }),
  glm4moelite: () =>
    build("glm4moelite", latentBlock, {
      entries: [
        ...epsilon("glm4moelite"),
        u32("glm4moelite.attention.q_lora_rank", 32),
        u32("glm4moelite.attention.kv_lora_rank", 32),
        u32("glm4moelite.leading_dense_block_count", blocks),
        u32("glm4moelite.expert_feed_forward_length", inner),
        u32("glm4moelite.expert_shared_count", 1),
        u32("glm4moelite.expert_count", experts),
        u32("glm4moelite.expert_used_count", 1),
        u32("glm4moelite.rope.dimension_count", 8),
        u32("glm4moelite.attention.key_length", latent.key),
        u32("glm4moelite.attention.value_length", latent.key),
        ints("tokenizer.ggml.eos_token_ids", [2, 3, 4]),
      ],
      replaces: ["rope.dimension_count", "attention.key_length", "attention.value_length"],
    }),
  bert: () => {
    // A trie without entries, and no replacements: as little as llama.cpp follows.
    const table = new Uint8Array(4 + 2048 + 1);
    new DataView(table.buffer).setUint32(0, 2048, true);
    return tinyBert({
      entries: [
        text("tokenizer.ggml.model", "t5"),
        { key: "tokenizer.ggml.scores", type: "array", elementType: "float32", value: bertScores },
        texts("tokenizer.ggml.precompiled_charsmap", [...Buffer.from(table).toString("base64")]),
      ],
    });
  },
};

const bertScores = Array.from({ length: 87 }, (_, index) => -index);
/** Heads of a key that is partly rotated, and partly comes from what all heads share. */
const latent = { key: 24, rotated: 8, shared: 32 } as const;

interface Parts {
  readonly entries: readonly GgufWriteEntry[];
  readonly tokens?: Vocabulary;
  readonly extra?: Shapes;
  /** Plain keys that `entries` brings itself. */
  readonly replaces?: readonly string[];
}

function build(architecture: string, block: (prefix: string) => Shapes, parts: Parts): Uint8Array {
  const vocabulary = parts.tokens ?? byteTokens();
  const size = vocabulary.tokens.length;
  const shapes: Shapes = {
    "token_embd.weight": [width, size],
    "output_norm.weight": [width],
    "output.weight": [width, size],
    ...parts.extra,
    ...Object.assign({}, ...Array.from({ length: blocks }, (_, index) => block(`blk.${index}`))),
  };
  const random = seededRandom(5);
  const plain: Readonly<Record<string, number>> = {
    block_count: blocks,
    context_length: 512,
    embedding_length: width,
    feed_forward_length: inner,
    "attention.head_count": heads,
    "attention.head_count_kv": 2,
    "attention.key_length": headLength,
    "attention.value_length": headLength,
    "rope.dimension_count": headLength,
  };
  return encodeGguf({
    entries: [
      text("general.architecture", architecture),
      ...Object.entries(plain)
        .filter(([key]) => !parts.replaces?.includes(key))
        .map(([key, value]) => u32(`${architecture}.${key}`, value)),
      ...vocabulary.entries,
      ...parts.entries,
    ],
    tensors: Object.entries(shapes).map(([name, shape]) => {
      const length = shape.reduce((product, side) => product * side, 1);
      const isNorm = name.includes("norm");
      const values = Float32Array.from({ length }, () => (isNorm ? 1 : (random() - 0.5) / 4));
      return { name, type: "F32", shape, data: new Uint8Array(values.buffer) };
    }),
  });
}

const epsilon = (architecture: string) => [f32(`${architecture}.attention.layer_norm_rms_epsilon`, 1e-5)];

function norms(block: string, names: readonly string[]): Shapes {
  return Object.fromEntries(names.map((name) => [`${block}.${name}.weight`, [width]]));
}

function attention(block: string, head: number = headLength): Shapes {
  return {
    [`${block}.attn_q.weight`]: [width, heads * head],
    [`${block}.attn_k.weight`]: [width, 2 * head],
    [`${block}.attn_v.weight`]: [width, 2 * head],
    [`${block}.attn_output.weight`]: [heads * head, width],
  };
}

function feedForward(block: string): Shapes {
  return {
    [`${block}.ffn_gate.weight`]: [width, inner],
    [`${block}.ffn_up.weight`]: [width, inner],
    [`${block}.ffn_down.weight`]: [inner, width],
  };
}

function llamaBlock(block: string, head?: number): Shapes {
  return { ...attention(block, head), ...feedForward(block), ...norms(block, ["attn_norm", "ffn_norm"]) };
}

function qwen3Block(block: string, head: number = headLength): Shapes {
  return {
    ...llamaBlock(block, head),
    [`${block}.attn_q_norm.weight`]: [head],
    [`${block}.attn_k_norm.weight`]: [head],
  };
}

function gemmaBlock(block: string): Shapes {
  return { ...qwen3Block(block), ...norms(block, ["post_attention_norm", "post_ffw_norm"]) };
}

function latentBlock(block: string): Shapes {
  const { key, rotated, shared } = latent;
  return {
    ...feedForward(block),
    ...norms(block, ["attn_norm", "ffn_norm"]),
    [`${block}.attn_q_a.weight`]: [width, shared],
    [`${block}.attn_q_a_norm.weight`]: [shared],
    [`${block}.attn_q_b.weight`]: [shared, heads * key],
    [`${block}.attn_kv_a_mqa.weight`]: [width, shared + rotated],
    [`${block}.attn_kv_a_norm.weight`]: [shared],
    [`${block}.attn_k_b.weight`]: [key - rotated, shared, heads],
    [`${block}.attn_v_b.weight`]: [shared, key, heads],
    [`${block}.attn_output.weight`]: [heads * key, width],
  };
}

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly entries: readonly GgufWriteEntry[];
}

/** A token for each byte, and the few that end or begin something. */
function byteTokens(): Vocabulary {
  const special = ["<unk>", "<s>", "</s>", "<|end|>", "<|other|>"];
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const tokens = [...special, ...bytes, "\u2581", "t", "h", "th"];
  const types = tokens.map((_, index) =>
    index === 0 ? 2 : index < special.length ? 3 : index < 261 ? 6 : 1,
  );
  return {
    tokens,
    entries: [
      text("tokenizer.ggml.model", "llama"),
      texts("tokenizer.ggml.tokens", tokens),
      { key: "tokenizer.ggml.scores", type: "array", elementType: "float32", value: tokens.map(() => 0) },
      ints("tokenizer.ggml.token_type", types),
      u32("tokenizer.ggml.bos_token_id", 1),
      u32("tokenizer.ggml.eos_token_id", 2),
      u32("tokenizer.ggml.unknown_token_id", 0),
    ],
  };
}

/** As many as Llama 3 has up to the token that ends a turn, which the file does not name as its end. */
function llama3Tokens(): Vocabulary {
  const named: Readonly<Record<number, string>> = {
    0: "x",
    128000: "<|begin_of_text|>",
    128001: "<|end_of_text|>",
    128006: "<|start_header_id|>",
    128009: "<|eot_id|>",
  };
  const tokens = Array.from({ length: 128_010 }, (_, index) => named[index] ?? `t${index}`);
  return {
    tokens,
    entries: [
      text("tokenizer.ggml.model", "gpt2"),
      texts("tokenizer.ggml.tokens", tokens),
      texts("tokenizer.ggml.merges", ["t 1"]),
      ints(
        "tokenizer.ggml.token_type",
        tokens.map((_, index) => (index >= 128_000 ? 3 : 1)),
      ),
      u32("tokenizer.ggml.bos_token_id", 128_000),
      u32("tokenizer.ggml.eos_token_id", 128_001),
    ],
  };
}
