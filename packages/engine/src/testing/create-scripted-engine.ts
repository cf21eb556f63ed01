import type { ModelDimensions } from "@puna/model-format/gguf";
import type { Engine, ModelSpec } from "../engine.ts";
import { EngineError, type EngineErrorCode } from "../errors.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { readModelFacts } from "../read-model-facts.ts";
import type { StartRunner } from "../runner-host/runner.ts";
import type { ModelFacts } from "../scheduler/memory-plan.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { Script, ScriptedCall } from "./scripted-answer.ts";
import { scriptedRunner } from "./scripted-runner.ts";

export interface ScriptedEngineOptions {
  /** What to answer; the request and its model say which. */
  readonly answer: Script;
  /** Raw vector of one input; [3, 4, 0] when absent. */
  readonly embed?: (tokens: readonly number[], spec: ModelSpec) => readonly number[];
  /** Relevance of one document; the share of the query's words in it when absent. */
  readonly rank?: (query: string, document: string) => number;
  /** Refuses to load a model. */
  readonly load?: (
    spec: ModelSpec,
    parallel: number,
  ) => { readonly code: EngineErrorCode; readonly message: string } | undefined;
  /** Awaited before a runner ends, such as for what it saves. */
  readonly retire?: (modelPath: string) => Promise<void>;
  /** Of files that are no GGUF; real ones say it themselves. 131072. */
  readonly trainedContextTokens?: number;
  /** What decides about the memory of such files; none by default. */
  readonly dimensions?: Partial<ModelDimensions>;
  readonly contextTokens?: number;
  readonly parallel?: number;
  readonly keepAliveMs?: number;
  readonly maxLoadedModels?: number;
  readonly maxQueue?: number;
  readonly memoryLimitBytes?: number;
  readonly logger?: Logger;
  readonly now?: () => number;
}

export interface ScriptedEngine extends Engine {
  /** Every completion that reached the engine. */
  readonly calls: readonly ScriptedCall[];
  /** Every model load, in order. */
  readonly loads: readonly ModelSpec[];
  /** Kills the runner of this file as a crash would: its requests fail with `RUNNER_CRASHED`. */
  crash(modelPath: string): void;
}

const anyModel: ModelFacts = {
  fileBytes: 1_000_000,
  trainedContextTokens: 131_072,
  kvOverrides: [],
  slidingBlocks: [],
  isCausal: true,
  isRecurrent: false,
  processBytes: 0,
  dimensions: {
    architecture: "scripted",
    contextTokens: 131_072,
    embeddingLength: 3,
    feedForwardLength: undefined,
    blockCount: 0,
    headCounts: [],
    keyValueHeadCounts: [],
    keyLength: 0,
    valueLength: 0,
    slidingWindowTokens: undefined,
    expertCount: 0,
    vocabularySize: undefined,
    poolingType: undefined,
  },
};

/**
 * An engine without a model: the real scheduler over runners that play scripts. A token is one Unicode code
 * point, its id the code point's number; no BOS is added.
 */
export function createScriptedEngine(options: ScriptedEngineOptions): ScriptedEngine {
  const calls: ScriptedCall[] = [];
  const loads: ModelSpec[] = [];
  const crashes = new Map<string, () => void>();
  const startRunner: StartRunner = async (spec) => {
    const refused = options.load?.(toModelSpec(spec), spec.parallel);
    if (refused !== undefined) throw new EngineError(refused.code, refused.message);
    loads.push(toModelSpec(spec));
    const { runner, crash } = scriptedRunner({
      spec,
      modelSpec: toModelSpec(spec),
      script: options.answer,
      record: (call) => calls.push(call),
      embed: options.embed ?? (() => [3, 4, 0]),
      rank: options.rank ?? sharedWords,
    });
    crashes.set(spec.modelPath, crash);
    const { retire } = options;
    if (retire === undefined) return runner;
    return { ...runner, stop: () => retire(spec.modelPath).then(runner.stop) };
  };
  const scheduler = new Scheduler({
    startRunner,
    readFacts: async (path) => {
      try {
        return await readModelFacts(path);
      } catch {
        return {
          ...anyModel,
          dimensions: { ...anyModel.dimensions, ...options.dimensions },
          trainedContextTokens: options.trainedContextTokens ?? anyModel.trainedContextTokens,
        };
      }
    },
    freeBytes: () => Number.MAX_SAFE_INTEGER,
    now: options.now ?? Date.now,
    logger: options.logger ?? silentLogger,
    driver: "auto",
    maxLoadedModels: options.maxLoadedModels ?? 3,
    maxQueue: options.maxQueue ?? 512,
    parallel: options.parallel ?? 1,
    keepAliveMs: options.keepAliveMs ?? 300_000,
    loadTimeoutMs: 0,
    contextTokens: options.contextTokens ?? 4096,
    contextIsAutomatic: options.contextTokens === undefined,
    kvCacheType: "f16",
    promptCacheBytes: 0,
    draftTokens: 0,
    ...(options.memoryLimitBytes === undefined ? {} : { memoryLimitBytes: options.memoryLimitBytes }),
  });
  return {
    calls,
    loads,
    crash: (modelPath) => crashes.get(modelPath)?.(),
    acquire: (spec, acquire) => scheduler.acquire(spec, acquire),
    loaded: () => scheduler.loaded(),
    unload: (modelPath) => scheduler.unload(modelPath),
    observe: (listener) => scheduler.observe(listener),
    [Symbol.asyncDispose]: () => scheduler[Symbol.asyncDispose](),
  };
}

function toModelSpec(spec: Parameters<StartRunner>[0]): ModelSpec {
  const {
    modelPath,
    adapters,
    driver: _driver,
    parallel: _parallel,
    contextIsTrainedLength: _trained,
    planned: _planned,
    wholeOnGpu: _whole,
    poolsLast: _poolsLast,
    hostRoomBytes: _hostRoom,
    ...load
  } = spec;
  return { modelPath, adapters, load };
}

function sharedWords(query: string, document: string): number {
  const words = query.toLowerCase().split(/\W+/).filter(Boolean);
  const found = words.filter((word) => document.toLowerCase().includes(word));
  return words.length === 0 ? 0 : found.length / words.length;
}
