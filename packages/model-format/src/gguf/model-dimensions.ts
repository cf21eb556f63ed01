import type { GgufMetadata } from "./metadata.ts";
import { refuse } from "./refuse.ts";
import { tensorTypeByName } from "./tensor-types.ts";

/** Sizes of a model as memory planning needs them; undefined where the file does not say. */
export interface ModelDimensions {
  readonly architecture: string;
  /** Context it was trained for, in tokens. */
  readonly contextTokens: number | undefined;
  readonly embeddingLength: number | undefined;
  readonly feedForwardLength: number | undefined;
  readonly blockCount: number;
  /** Attention heads of each block. */
  readonly headCounts: readonly number[];
  /** Key-value heads of each block; 0 for blocks that keep no keys (recurrent ones). */
  readonly keyValueHeadCounts: readonly number[];
  /** Elements of one head's key and value. */
  readonly keyLength: number;
  readonly valueLength: number;
  /** Window of the blocks with sliding attention, in tokens. */
  readonly slidingWindowTokens: number | undefined;
  readonly expertCount: number;
  readonly vocabularySize: number | undefined;
  /** llama.cpp's number: 0 none, 1 mean, 2 CLS, 3 last, 4 rank. */
  readonly poolingType: number | undefined;
}

/**
 * The sizes of a model that decide about its memory, out of the keys of its architecture.
 * @throws GgufError when one of the keys has a type that cannot be its own
 */
export function modelDimensions(metadata: GgufMetadata): ModelDimensions {
  const { architecture } = metadata;
  const number = (suffix: string) => metadata.number(`${architecture}.${suffix}`);
  const blockCount = number("block_count") ?? 0;
  const headCounts = perBlock(metadata, `${architecture}.attention.head_count`, blockCount) ?? [];
  const keyValueHeadCounts =
    perBlock(metadata, `${architecture}.attention.head_count_kv`, blockCount) ?? headCounts;
  const embeddingLength = number("embedding_length");
  const mostHeads = Math.max(0, ...headCounts);
  const defaultLength = mostHeads === 0 ? 0 : Math.floor((embeddingLength ?? 0) / mostHeads);
  return {
    architecture,
    contextTokens: number("context_length"),
    embeddingLength,
    feedForwardLength: firstNumber(metadata.numberOrList(`${architecture}.feed_forward_length`)),
    blockCount,
    headCounts,
    keyValueHeadCounts: onlyAttentionBlocks(keyValueHeadCounts, number("full_attention_interval")),
    keyLength: number("attention.key_length") ?? defaultLength,
    valueLength: number("attention.value_length") ?? defaultLength,
    slidingWindowTokens: firstNumber(metadata.numberOrList(`${architecture}.attention.sliding_window`)),
    expertCount: number("expert_count") ?? 0,
    vocabularySize: number("vocab_size") ?? metadata.array("tokenizer.ggml.tokens")?.length,
    poolingType: number("pooling_type"),
  };
}

/**
 * Bytes that one token of context takes in the key-value cache, over all blocks.
 * An upper bound: blocks with sliding attention keep fewer tokens than the context has.
 * @param cache types of the two halves, as `--cache-type-k` names them (any letter case); default f16
 */
export function kvCacheBytesPerToken(
  dimensions: ModelDimensions,
  cache: { readonly keyType?: string; readonly valueType?: string } = {},
): number {
  const keyElement = bytesPerElement(cache.keyType ?? "F16");
  const valueElement = bytesPerElement(cache.valueType ?? "F16");
  const headBytes = dimensions.keyLength * keyElement + dimensions.valueLength * valueElement;
  return Math.ceil(dimensions.keyValueHeadCounts.reduce((sum, heads) => sum + heads * headBytes, 0));
}

function bytesPerElement(typeName: string): number {
  const type = tensorTypeByName(typeName.toUpperCase());
  if (type === undefined) refuse("tensor-type", 0, `there is no cache type ${typeName}`, "GGUF_UNSUPPORTED");
  return type.typeSizeBytes / type.blockSize;
}

function perBlock(metadata: GgufMetadata, key: string, blockCount: number): readonly number[] | undefined {
  const value = metadata.numberOrList(key);
  if (value === undefined) return undefined;
  return Array.from({ length: blockCount }, (_, block) =>
    typeof value === "number" ? value : (value[block] ?? 0),
  );
}

// Hybrids such as Qwen3-Next: only every n-th block attends to the past; the others carry a state of fixed size.
function onlyAttentionBlocks(heads: readonly number[], interval: number | undefined): readonly number[] {
  if (interval === undefined || interval <= 1) return heads;
  return heads.map((count, block) => ((block + 1) % interval === 0 ? count : 0));
}

function firstNumber(value: number | readonly number[] | undefined): number | undefined {
  return typeof value === "object" ? value[0] : value;
}
