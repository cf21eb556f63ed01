import { GgufError, kvCacheBytesPerToken, type ModelDimensions } from "@puna/model-format/gguf";
import { EngineError } from "../errors.ts";
import type { KvOverride } from "../ipc/messages.ts";
import type { RewrittenModel } from "../rewrite-header.ts";

const minContextTokens = 4;

export interface ModelFacts {
  readonly fileBytes: number;
  readonly trainedContextTokens: number;
  readonly dimensions: ModelDimensions;
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
}

/**
 * Bytes that a runner will need: weights and key-value cache of all sequences. An upper bound of the latter.
 * @throws EngineError `UNSUPPORTED` for an unknown cache type
 */
export function estimateBytes(facts: ModelFacts, context: PlannedContext): number {
  const { contextTokens, parallel, kvCacheType } = context;
  const type = kvCacheType === "" ? "f16" : kvCacheType;
  try {
    const perToken = kvCacheBytesPerToken(facts.dimensions, { keyType: type, valueType: type });
    return Math.ceil(facts.fileBytes + perToken * contextTokens * parallel);
  } catch (cause) {
    if (!GgufError.is(cause)) throw cause;
    throw new EngineError("UNSUPPORTED", `KV cache type "${type}" is unknown; use f16, q8_0 or q4_0`, {
      cause,
    });
  }
}

/**
 * Refuses what cannot fit, before native code takes memory until the machine stands still.
 * @throws EngineError `OUT_OF_MEMORY`
 */
export function checkMemory(neededBytes: number, freeBytes: number): void {
  if (neededBytes <= freeBytes) return;
  const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  throw new EngineError(
    "OUT_OF_MEMORY",
    `model requires more system memory (${gib(neededBytes)}) than is available (${gib(freeBytes)}); ask for a shorter context or unload other models`,
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
