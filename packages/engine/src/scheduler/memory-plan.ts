import type { Gguf } from "@puna/model-format/gguf";

const bytesPerValue: Readonly<Record<string, number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };
const minContextTokens = 4;

export interface ModelFacts {
  readonly fileBytes: number;
  readonly trainedContextTokens: number;
  readonly layers: number;
  /** Keys and values of one token in one layer, as a number of values. */
  readonly kvValuesPerLayer: number;
}

/** What a memory plan needs of a model file. */
export function modelFacts(gguf: Gguf): ModelFacts {
  const { metadata } = gguf;
  const architecture = metadata.architecture;
  const number = (suffix: string) => first(metadata.numberOrList(`${architecture}.${suffix}`));
  const heads = number("attention.head_count") ?? 1;
  const kvHeads = number("attention.head_count_kv") ?? heads;
  const headDimension = heads > 0 ? (number("embedding_length") ?? 0) / heads : 0;
  const keys = number("attention.key_length") ?? headDimension;
  const values = number("attention.value_length") ?? headDimension;
  return {
    fileBytes: gguf.sizeBytes,
    trainedContextTokens: number("context_length") ?? 0,
    layers: number("block_count") ?? 0,
    kvValuesPerLayer: kvHeads * (keys + values),
  };
}

function first(value: number | readonly number[] | undefined): number | undefined {
  return typeof value === "object" ? value.reduce((max, item) => Math.max(max, item), 0) : value;
}

/**
 * Tokens per sequence: what was asked for, within four and the trained length.
 * @param fallback  used where the request names none
 */
export function planContext(asked: number | undefined, fallback: number, facts: ModelFacts): number {
  const wanted = Math.max(minContextTokens, asked ?? fallback);
  return facts.trainedContextTokens > 0 ? Math.min(wanted, facts.trainedContextTokens) : wanted;
}

/** Bytes that a runner will need: weights and key-value cache of all sequences. */
export function estimateBytes(
  facts: ModelFacts,
  contextTokens: number,
  parallel: number,
  kvCacheType: string,
): number {
  const perToken = facts.layers * facts.kvValuesPerLayer * (bytesPerValue[kvCacheType] ?? 2);
  return Math.ceil(facts.fileBytes + perToken * contextTokens * parallel);
}

export interface EvictionCandidate {
  readonly sizeBytes: number;
  readonly activeRequests: number;
  /** -1 = forever. */
  readonly keepAliveMs: number;
  readonly lastUsedMs: number;
}

/**
 * Which loaded models must go before another of `neededBytes` may come; in the order in which they go.
 * Idle ones first, then the shortest keep-alive, then the longest unused.
 */
export function planEviction<TCandidate extends EvictionCandidate>(
  loaded: readonly TCandidate[],
  need: { readonly bytes: number; readonly freeBytes: number; readonly maxModels: number },
): readonly TCandidate[] {
  const order = [...loaded].sort(
    (a, b) =>
      Math.min(1, a.activeRequests) - Math.min(1, b.activeRequests) ||
      forever(a.keepAliveMs) - forever(b.keepAliveMs) ||
      a.lastUsedMs - b.lastUsedMs,
  );
  const evicted: TCandidate[] = [];
  // A fifth stays free: estimates miss compute buffers, and other programs run here too.
  let room = need.freeBytes * 0.8;
  let count = loaded.length;
  for (const candidate of order) {
    if (count < need.maxModels && need.bytes <= room) break;
    evicted.push(candidate);
    count -= 1;
    room += candidate.sizeBytes;
  }
  return evicted;
}

function forever(keepAliveMs: number): number {
  return keepAliveMs < 0 ? Number.MAX_SAFE_INTEGER : keepAliveMs;
}
