import { encodeGguf, type GgufWriteEntry, type GgufWriteTensor } from "../gguf/write-gguf.ts";
import { randomWeights, seededRandom, unitWeights } from "./random-weights.ts";
import { tinyByteVocabulary, tinyWordVocabulary } from "./tiny-vocabularies.ts";

/**
 * A ChatML template that offers tools as JSON and reads calls in `<tool_call>` tags; our own text, in the shape
 * that published templates have.
 */
export const tinyChatTemplate = [
  "{%- if tools %}{{ '<|im_start|>system\\nYou may call these tools:\\n' }}",
  "{%- for tool in tools %}{{ tool | tojson }}{{ '\\n' }}{%- endfor %}",
  '{{- \'Call one as <tool_call>{"name": ..., "arguments": ...}</tool_call><|im_end|>\\n\' }}{%- endif %}',
  "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}",
  "{%- if message.content %}{{ message.content }}{%- endif %}",
  "{%- for call in message.tool_calls or [] %}{{ '<tool_call>' }}{{ call.function | tojson }}{{ '</tool_call>' }}",
  "{%- endfor %}{{ '<|im_end|>\\n' }}{%- endfor %}",
  "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}",
].join("");

export interface TinyLlamaOptions {
  /** Same seed, same bytes. Default 1. */
  readonly seed?: number;
  /** Default 512. */
  readonly contextTokens?: number;
  /** Default 64; a multiple of 32. */
  readonly embeddingLength?: number;
  /** Default 2. */
  readonly blockCount?: number;
  /** Default `tinyChatTemplate`; null leaves the key out. */
  readonly chatTemplate?: string | null;
  /** Metadata to add or replace. */
  readonly entries?: readonly GgufWriteEntry[];
}

const headCount = 4;
const keyValueHeadCount = 2;

/** A llama model with random weights that loads, tokenises any text byte by byte, and generates nonsense. */
export function tinyLlama(options: TinyLlamaOptions = {}): Uint8Array {
  const width = options.embeddingLength ?? 64;
  const blockCount = options.blockCount ?? 2;
  const vocabulary = tinyByteVocabulary();
  const weights = weightMaker(options.seed ?? 1);
  const blocks = Array.from({ length: blockCount }, (_, block) => [
    ...attention(weights, block, width),
    weights.unit(`blk.${block}.ffn_norm.weight`, width),
    ...feedForward(weights, block, width),
  ]).flat();
  const template = options.chatTemplate === undefined ? tinyChatTemplate : options.chatTemplate;
  return encodeGguf({
    entries: merge(
      [
        ...general("llama", "Tiny Llama"),
        ...sizes("llama", { blockCount, width, contextTokens: options.contextTokens ?? 512 }),
        f32("llama.attention.layer_norm_rms_epsilon", 1e-5),
        u32("llama.vocab_size", vocabulary.tokens.length),
        ...vocabulary.entries,
        ...(template === null ? [] : [text("tokenizer.chat_template", template)]),
      ],
      options.entries,
    ),
    tensors: [
      weights.matrix("token_embd.weight", width, vocabulary.tokens.length, 1),
      weights.unit("output_norm.weight", width),
      weights.matrix("output.weight", width, vocabulary.tokens.length, 1),
      ...blocks,
    ],
  });
}

/** A model of random weights whose first three of four blocks see a window of so many tokens. Sizes of 256 per token. */
export function tinyWindowed(options: {
  readonly slidingWindowTokens: number;
  readonly contextTokens: number;
}): Uint8Array {
  const [width, blockCount] = [256, 4];
  const vocabulary = tinyByteVocabulary();
  const weights = weightMaker(1);
  return encodeGguf({
    entries: [
      ...general("cohere2", "Tiny Cohere"),
      ...sizes("cohere2", { blockCount, width, contextTokens: options.contextTokens }),
      f32("cohere2.attention.layer_norm_epsilon", 1e-5),
      u32("cohere2.attention.sliding_window", options.slidingWindowTokens),
      // Logits that leave several tokens likely.
      f32("cohere2.logit_scale", 0.02),
      u32("cohere2.vocab_size", vocabulary.tokens.length),
      ...vocabulary.entries,
    ],
    tensors: [
      weights.matrix("token_embd.weight", width, vocabulary.tokens.length, 1),
      weights.unit("output_norm.weight", width),
      ...Array.from({ length: blockCount }, (_, block) => [
        ...attention(weights, block, width),
        ...feedForward(weights, block, width),
      ]).flat(),
    ],
  });
}

function sizes(
  architecture: string,
  { blockCount, width, contextTokens }: { blockCount: number; width: number; contextTokens: number },
): readonly GgufWriteEntry[] {
  return [
    u32(`${architecture}.block_count`, blockCount),
    u32(`${architecture}.context_length`, contextTokens),
    u32(`${architecture}.embedding_length`, width),
    u32(`${architecture}.feed_forward_length`, 2 * width),
    u32(`${architecture}.attention.head_count`, headCount),
    u32(`${architecture}.attention.head_count_kv`, keyValueHeadCount),
    u32(`${architecture}.rope.dimension_count`, width / headCount),
  ];
}

function attention(weights: WeightMaker, block: number, width: number): readonly GgufWriteTensor[] {
  const keyWidth = (width / headCount) * keyValueHeadCount;
  return [
    weights.unit(`blk.${block}.attn_norm.weight`, width),
    weights.matrix(`blk.${block}.attn_q.weight`, width, width),
    weights.matrix(`blk.${block}.attn_k.weight`, width, keyWidth),
    weights.matrix(`blk.${block}.attn_v.weight`, width, keyWidth),
    weights.matrix(`blk.${block}.attn_output.weight`, width, width),
  ];
}

function feedForward(weights: WeightMaker, block: number, width: number): readonly GgufWriteTensor[] {
  return [
    weights.matrix(`blk.${block}.ffn_gate.weight`, width, 2 * width),
    weights.matrix(`blk.${block}.ffn_up.weight`, width, 2 * width),
    weights.matrix(`blk.${block}.ffn_down.weight`, 2 * width, width),
  ];
}

export interface TinyBertOptions {
  readonly seed?: number;
  /** Default `mean`. `rank` adds a head that scores a pair of texts. */
  readonly pooling?: "mean" | "cls" | "rank";
  readonly entries?: readonly GgufWriteEntry[];
}

// llama.cpp's numbers of pooling types.
const poolingTypes = { mean: 1, cls: 2, rank: 4 } as const;

/** An encoder with random weights for embeddings or, with rank pooling, for reranking. */
export function tinyBert(options: TinyBertOptions = {}): Uint8Array {
  const pooling = options.pooling ?? "mean";
  const width = 32;
  const contextTokens = 512;
  const vocabulary = tinyWordVocabulary();
  const weights = weightMaker(options.seed ?? 1);
  const layer = (prefix: string, input: number, output: number) => [
    weights.matrix(`${prefix}.weight`, input, output),
    weights.vector(`${prefix}.bias`, output),
  ];
  const norm = (prefix: string) => [
    weights.unit(`${prefix}.weight`, width),
    weights.vector(`${prefix}.bias`, width),
  ];
  return encodeGguf({
    entries: merge(
      [
        ...general("bert", "Tiny BERT"),
        u32("bert.block_count", 1),
        u32("bert.context_length", contextTokens),
        u32("bert.embedding_length", width),
        u32("bert.feed_forward_length", 2 * width),
        u32("bert.attention.head_count", headCount),
        f32("bert.attention.layer_norm_epsilon", 1e-12),
        { key: "bert.attention.causal", type: "bool", value: false },
        u32("bert.pooling_type", poolingTypes[pooling]),
        ...vocabulary.entries,
      ],
      options.entries,
    ),
    tensors: [
      weights.matrix("token_embd.weight", width, vocabulary.tokens.length, 1),
      weights.matrix("token_types.weight", width, 2),
      weights.matrix("position_embd.weight", width, contextTokens),
      ...norm("token_embd_norm"),
      ...["attn_q", "attn_k", "attn_v", "attn_output"].flatMap((name) =>
        layer(`blk.0.${name}`, width, width),
      ),
      ...norm("blk.0.attn_output_norm"),
      ...layer("blk.0.ffn_up", width, 2 * width),
      ...layer("blk.0.ffn_down", 2 * width, width),
      ...norm("blk.0.layer_output_norm"),
      ...(pooling === "rank" ? [...layer("cls", width, width), ...layer("cls.output", width, 1)] : []),
    ],
  });
}

/** A LoRA adapter of rank 4 for the query weights of `tinyLlama()` with its default sizes. */
export function tinyLora(options: { readonly seed?: number; readonly scale?: number } = {}): Uint8Array {
  const width = 64;
  const rank = 4;
  const weights = weightMaker(options.seed ?? 2);
  return encodeGguf({
    entries: [
      text("general.architecture", "llama"),
      text("general.type", "adapter"),
      text("general.name", "Tiny LoRA"),
      text("adapter.type", "lora"),
      f32("adapter.lora.alpha", (options.scale ?? 1) * rank),
    ],
    tensors: [0, 1].flatMap((block) => [
      weights.matrix(`blk.${block}.attn_q.weight.lora_a`, width, rank, 1),
      weights.matrix(`blk.${block}.attn_q.weight.lora_b`, rank, width, 1),
    ]),
  });
}

type WeightMaker = ReturnType<typeof weightMaker>;

/** Draws the weights of one model in the order in which they are asked for. */
function weightMaker(seed: number) {
  const random = seededRandom(seed);
  const tensor = (name: string, shape: readonly number[], data: Uint8Array): GgufWriteTensor => {
    return { name, type: "F32", shape, data };
  };
  return {
    // The default keeps the size of what passes through a layer; embeddings want 1.
    matrix: (name: string, input: number, output: number, deviation = 1 / Math.sqrt(input)) =>
      tensor(name, [input, output], randomWeights(input * output, deviation, random)),
    vector: (name: string, length: number) => tensor(name, [length], randomWeights(length, 0.02, random)),
    unit: (name: string, length: number) => tensor(name, [length], unitWeights(length)),
  };
}

function general(architecture: string, name: string): readonly GgufWriteEntry[] {
  return [
    text("general.architecture", architecture),
    text("general.type", "model"),
    text("general.name", name),
    u32("general.file_type", 0),
    u32("general.quantization_version", 2),
  ];
}

function merge(
  entries: readonly GgufWriteEntry[],
  replacements: readonly GgufWriteEntry[] = [],
): readonly GgufWriteEntry[] {
  const replaced = new Set(replacements.map(({ key }) => key));
  return [...entries.filter(({ key }) => !replaced.has(key)), ...replacements];
}

function u32(key: string, value: number): GgufWriteEntry {
  return { key, type: "uint32", value };
}

function f32(key: string, value: number): GgufWriteEntry {
  return { key, type: "float32", value };
}

function text(key: string, value: string): GgufWriteEntry {
  return { key, type: "string", value };
}
