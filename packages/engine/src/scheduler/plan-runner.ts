import { pooling, poolsLastToken } from "../embedding-outputs.ts";
import type { ModelSpec } from "../engine.ts";
import type { RunnerSpec, SavedStatesFolder } from "../ipc/messages.ts";
import { type ModelFacts, planContext } from "./memory-plan.ts";
import { planCacheType } from "./plan-cache-type.ts";

/** What the server says about every load; requests may say otherwise. */
export interface LoadDefaults {
  readonly driver: RunnerSpec["driver"];
  /** Slots of a model. */
  readonly parallel: number;
  readonly draftTokens: number;
  readonly contextTokens: number;
  /** Nobody asked for `contextTokens`: where memory is short, a model gets fewer. */
  readonly contextIsAutomatic: boolean;
  readonly kvCacheType: string;
  readonly flashAttention?: boolean;
  /** Left free on each GPU. */
  readonly gpuOverheadBytes?: number;
  /** Saved sequence states of each runner. */
  readonly promptCacheBytes: number;
  /** Where they outlive their runners. */
  readonly savedStates?: SavedStatesFolder;
}

const defaultBatchTokens = 512;

/**
 * All that a runner must be told, out of what the request asks, what the server says and what the file is.
 * @throws EngineError `UNSUPPORTED` for what cannot go together
 */
export function planRunner(spec: ModelSpec, facts: ModelFacts, defaults: LoadDefaults): RunnerSpec {
  const { load = {} } = spec;
  const { savedStates } = defaults;
  const flash = load.flashAttention ?? defaults.flashAttention;
  const draftsNothing = load.embedding || facts.isRecurrent || defaults.driver === "portable";
  const contextTokens = planContext(load.contextTokens, defaults.contextTokens, facts);
  return {
    driver: defaults.driver,
    modelPath: spec.modelPath,
    adapters: spec.adapters ?? [],
    contextTokens,
    contextIsTrainedLength: contextTokens === facts.trainedContextTokens,
    contextIsShort: contextTokens < planContext(undefined, defaults.contextTokens, facts),
    parallel: load.embedding ? 1 : defaults.parallel,
    batchTokens: load.batchTokens ?? defaultBatchTokens,
    // Room for their logits is kept wherever they may be tried: with several slots, too, when one alone is busy.
    draftTokens: draftsNothing ? 0 : defaults.draftTokens,
    gpuLayers: load.gpuLayers ?? -1,
    ...(defaults.gpuOverheadBytes ? { gpuOverheadBytes: defaults.gpuOverheadBytes } : {}),
    ...(load.mainGpu === undefined ? {} : { mainGpu: load.mainGpu }),
    ...(load.useMmap === undefined ? {} : { useMmap: load.useMmap }),
    threads: load.threads ?? 0,
    kvCacheType: planCacheType({
      asked: load.kvCacheType,
      fallback: defaults.kvCacheType,
      flashAttention: flash,
      architecture: facts.dimensions.architecture,
    }),
    ...(flash === undefined ? {} : { flashAttention: flash }),
    embedding: load.embedding ?? false,
    ...(load.embedding && poolsLast(facts, defaults) ? { poolsLast: true } : {}),
    kvOverrides: facts.kvOverrides,
    promptCacheBytes: defaults.promptCacheBytes,
    ...(savedStates === undefined || load.embedding ? {} : { savedStates }),
  };
}

/** The portable driver reads all of a text in one decode, with logits of every token. */
function poolsLast({ isCausal, dimensions }: ModelFacts, { driver }: LoadDefaults): boolean {
  const { poolingType = pooling.none, architecture } = dimensions;
  return driver !== "portable" && isCausal && poolsLastToken(poolingType, architecture);
}
