import { GgufError, kvCacheBytesPerToken, type ModelDimensions } from "@puna/model-format/gguf";
import { decodeOutputs } from "../decode-outputs.ts";
import { embeddingSequences } from "../embedding-outputs.ts";
import { EngineError } from "../errors.ts";
import type { KvOverride } from "../ipc/messages.ts";
import { printGib } from "../print-gib.ts";
import type { RewrittenModel } from "../rewrite-header.ts";

const minContextTokens = 4;

export interface ModelFacts {
  /** All parts of the model, and its adapters. */
  readonly fileBytes: number;
  readonly trainedContextTokens: number;
  readonly dimensions: ModelDimensions;
  /** Per block: whether it keeps a window of the past only. */
  readonly slidingBlocks: readonly boolean[];
  /** Tokens see what came before them, which is kept; in encoders all see all. */
  readonly isCausal: boolean;
  /** Some blocks keep a state instead of the past, out of which nothing can be taken back. */
  readonly isRecurrent: boolean;
  /** What its process takes beside weights and context. */
  readonly processBytes: number;
  /** Corrections to metadata that are handed over with the load. */
  readonly kvOverrides: readonly KvOverride[];
  /** Makes a copy with corrected metadata, where handing them over is not enough. */
  readonly rewrite?: () => Promise<RewrittenModel>;
}

/**
 * Tokens per sequence: what was asked for, within four and the trained length.
 * @param fallback  used where the request names none
 */
export function planContext(asked: number | undefined, fallback: number, facts: ModelFacts): number {
  const wanted = Math.max(minContextTokens, asked ?? fallback);
  return facts.trainedContextTokens > 0 ? Math.min(wanted, facts.trainedContextTokens) : wanted;
}

export interface PlannedContext {
  readonly contextTokens: number;
  readonly parallel: number;
  readonly kvCacheType: string;
  readonly batchTokens: number;
  readonly draftTokens: number;
  readonly embedding: boolean;
  readonly poolsLast?: boolean;
  readonly flashAttention?: boolean;
}

/** Cells of a cache come in blocks of so many. */
const cellBlock = 256;
const floatBytes = 4;

export interface MemoryEstimate {
  readonly weightsBytes: number;
  /** Keys and values of all sequences, room to compute in and the logits that come out. */
  readonly contextBytes: number;
  readonly processBytes: number;
}

/**
 * Bytes that a runner will need, out of what the file says.
 * @throws EngineError `UNSUPPORTED` for an unknown cache type
 */
export function estimateMemory(facts: ModelFacts, context: PlannedContext): MemoryEstimate {
  return {
    weightsBytes: facts.fileBytes,
    contextBytes: Math.ceil(cacheBytes(facts, context) + computeBytes(facts, context)),
    processBytes: facts.processBytes,
  };
}

/** The whole of `estimateMemory`. */
export function estimateBytes(facts: ModelFacts, context: PlannedContext): number {
  const { weightsBytes, contextBytes, processBytes } = estimateMemory(facts, context);
  return weightsBytes + contextBytes + processBytes;
}

function cacheBytes(facts: ModelFacts, context: PlannedContext): number {
  const { dimensions, slidingBlocks, isCausal } = facts;
  // Encoders see a whole text at once and keep nothing.
  if (!isCausal) return 0;
  const { contextTokens, parallel, batchTokens } = context;
  const window = dimensions.slidingWindowTokens ?? 0;
  const windowCells = Math.ceil((window + batchTokens) / cellBlock) * cellBlock;
  const bytesPerToken = (slides: boolean) =>
    cacheBytesPerToken(facts, context.kvCacheType, (block) => (slidingBlocks[block] ?? false) === slides);
  if (window === 0) return contextTokens * parallel * (bytesPerToken(false) + bytesPerToken(true));
  const whole = bytesPerToken(false) * contextTokens;
  return parallel * (whole + bytesPerToken(true) * Math.min(windowCells, contextTokens));
}

function cacheBytesPerToken(
  { dimensions }: ModelFacts,
  kvCacheType: string,
  counts: (block: number) => boolean,
): number {
  const type = kvCacheType === "" ? "f16" : kvCacheType;
  const keyValueHeadCounts = dimensions.keyValueHeadCounts.filter((_, block) => counts(block));
  try {
    return kvCacheBytesPerToken({ ...dimensions, keyValueHeadCounts }, { keyType: type, valueType: type });
  } catch (cause) {
    if (!GgufError.is(cause)) throw cause;
    throw new EngineError("UNSUPPORTED", `KV cache type "${type}" is unknown; use f16, q8_0 or q4_0`, {
      cause,
    });
  }
}

/** Activations of one batch, its mask, and logits; what llama.cpp reserves lies near it. */
function computeBytes({ dimensions, isCausal }: ModelFacts, context: PlannedContext): number {
  const { contextTokens, parallel, embedding, poolsLast, flashAttention } = context;
  const { embeddingLength = 0, feedForwardLength = 4 * embeddingLength, vocabularySize = 0 } = dimensions;
  if (dimensions.blockCount === 0) return 0;
  const readsWhole = embedding && !poolsLast;
  const batch = Math.min(readsWhole ? contextTokens : context.batchTokens, contextTokens * parallel);
  const activations = floatBytes * batch * (3 * feedForwardLength + 4 * embeddingLength);
  const heads = flashAttention === false ? Math.max(0, ...dimensions.headCounts) : 0;
  const attention = batch * contextTokens * (2 + heads * floatBytes);
  return activations + attention + logitRows(isCausal, context, batch) * vocabularySize * floatBytes;
}

/** Tokens of one batch that logits are made of. */
function logitRows(isCausal: boolean, context: PlannedContext, batch: number): number {
  if (!context.embedding) return decodeOutputs({ ...context, batchTokens: batch });
  if (context.poolsLast) return Math.min(embeddingSequences, batch);
  // A model that could write text has them made of every token, and keeps a copy.
  return isCausal ? 2 * batch : 0;
}

/**
 * Refuses what cannot fit, before native code takes memory until the machine stands still.
 * @throws EngineError `OUT_OF_MEMORY`
 */
export function checkMemory(neededBytes: number, freeBytes: number): void {
  if (neededBytes <= freeBytes) return;
  throw new EngineError(
    "OUT_OF_MEMORY",
    `model requires more system memory (${printGib(neededBytes)}) than is available (${printGib(freeBytes)}); ask for a shorter context or unload other models`,
    { details: { neededBytes, freeBytes } },
  );
}

/**
 * Memory for saved conversations and checkpoints: what was configured, or half of what the model leaves free.
 * The other half is for compute buffers, and for whatever else runs here.
 */
export function planPromptCache(configuredBytes: number, neededBytes: number, freeBytes: number): number {
  return Math.max(0, Math.min(configuredBytes, Math.floor((freeBytes - neededBytes) / 2)));
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
