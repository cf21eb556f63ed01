import { availableParallelism } from "node:os";
import { decodeOutputs } from "../../decode-outputs.ts";
import { embeddingSequences, poolsLastToken } from "../../embedding-outputs.ts";
import { EngineError } from "../../errors.ts";
import type { RunnerSpec } from "../../ipc/messages.ts";
import type { LlamaModel } from "./model.ts";
import { probeDevices } from "./probe-devices.ts";

/** @source llama.cpp v0.5.0 ggml.h enum ggml_type */
const cacheTypes: Readonly<Record<string, number>> = {
  f32: 0,
  f16: 1,
  q4_0: 2,
  q4_1: 3,
  q5_0: 6,
  q5_1: 7,
  q8_0: 8,
  iq4_nl: 20,
  bf16: 30,
};

const flashAttention = { auto: -1, off: 0, on: 1 } as const;

/** Load settings as llama.cpp takes them. @throws EngineError `UNSUPPORTED` for an unknown cache type */
export function contextParams(
  base: Readonly<Record<string, unknown>>,
  model: LlamaModel,
  spec: RunnerSpec,
): Readonly<Record<string, unknown>> {
  const threads = mostThreads(spec);
  const type = cacheType(spec.kvCacheType);
  const flash = spec.flashAttention === undefined ? "auto" : spec.flashAttention ? "on" : "off";
  const shared = {
    ...base,
    n_threads: threads,
    n_threads_batch: threads,
    flash_attn_type: flashAttention[flash],
    type_k: type,
    type_v: type,
    no_perf: true,
  };
  if (spec.embedding) {
    const contextTokens = wholeRows(spec.contextTokens);
    // A text must fit one batch where its tokens see each other in both directions, or all of them are pooled.
    const batchTokens = spec.poolsLast ? Math.min(wholeRows(spec.batchTokens), contextTokens) : contextTokens;
    return {
      ...shared,
      n_ctx: contextTokens,
      n_batch: batchTokens,
      n_ubatch: batchTokens,
      n_seq_max: embeddingSequences,
      n_outputs_max: spec.poolsLast ? embeddingSequences : 0,
      kv_unified: true,
      embeddings: true,
    };
  }
  return {
    ...shared,
    n_ctx: spec.contextTokens * spec.parallel,
    n_batch: spec.batchTokens,
    n_ubatch: spec.batchTokens,
    n_seq_max: spec.parallel,
    n_outputs_max: model.hasEncoder ? 0 : decodeOutputs(spec),
    swa_full: false,
    kv_unified: false,
  };
}

/** llama.cpp asserts that a batch can be split evenly over the sequences. */
function wholeRows(tokens: number): number {
  return Math.ceil(tokens / embeddingSequences) * embeddingSequences;
}

/** Whether llama.cpp made of a context what `poolsLast` promises: some models keep no past, whatever their file says. */
export function canPoolLast(model: LlamaModel, context: bigint): boolean {
  const { c } = model.library;
  const architecture = model.metadata("general.architecture") ?? "";
  return c.llama_get_memory(context) !== null && poolsLastToken(c.llama_pooling_type(context), architecture);
}

/**
 * Whether tokens may be drafted. Sums must not depend on what else is in a decode: with llama.cpp's own products and on
 * GPUs they do, and the text for a seed would depend on what was tried.
 */
export function canDraft(model: LlamaModel, spec: RunnerSpec, isOnGpu: boolean): boolean {
  if (model.library.ownMatmul === undefined || isOnGpu || spec.embedding) return false;
  // What a recurrent state has read cannot be taken back.
  return !model.hasEncoder && !model.isRecurrent;
}

/** Whether a device beside the processor computes some of the model. */
export function usesGpu(model: LlamaModel, spec: RunnerSpec): boolean {
  return spec.gpuLayers !== 0 && probeDevices(model.library).some(({ kind }) => kind !== "cpu");
}

function cacheType(name: string): number {
  const type = cacheTypes[name === "" ? "f16" : name.toLowerCase()];
  if (type !== undefined) return type;
  const known = Object.keys(cacheTypes).join(", ");
  throw new EngineError("UNSUPPORTED", `KV cache type "${name}" is unknown; use one of ${known}`);
}

/**
 * Most threads of a decode: as many as were asked for, or one per core. They wait for each other without giving way:
 * more than there are cores would stop the machine.
 */
export function mostThreads(spec: RunnerSpec): number {
  return spec.threads > 0 ? Math.min(spec.threads, availableParallelism()) : defaultThreads();
}

/** One per core. Large machines mostly count two threads per core, and the second only gets in the way. */
function defaultThreads(): number {
  const logical = availableParallelism();
  return logical > 4 && process.arch === "x64" ? Math.floor(logical / 2) : logical;
}
