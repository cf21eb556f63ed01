import type { Engine } from "./engine.ts";
import { gpuFreeBytes } from "./gpu-free-bytes.ts";
import type { RunnerSpec } from "./ipc/messages.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { freeMemory, totalMemory } from "./machine-memory.ts";
import { ownRunner } from "./own-runner.ts";
import { readModelFacts } from "./read-model-facts.ts";
import { spawnRunner } from "./runner-host/spawn-runner.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { mostDraftTokens } from "./slots/draft-planner.ts";

export interface EngineOptions {
  /** 0 = three. */
  readonly maxLoadedModels?: number;
  /** Requests that may wait for a load; 512. */
  readonly maxQueue?: number;
  /** Sequences per model; 1. */
  readonly parallel?: number;
  /**
   * Most tokens that one decode tries, where a single answer is written, because they stand in the prompt or the
   * answer: 3, 7 or 11; 0 = none. The text is the same.
   */
  readonly draftTokens?: number;
  /** 5 minutes; -1 = forever. */
  readonly keepAliveMs?: number;
  /** 5 minutes without progress; 0 or less = never. */
  readonly loadTimeoutMs?: number;
  /** A busy runner that gives no sign of life for so long is ended; 30 seconds. */
  readonly hangTimeoutMs?: number;
  /** Where neither request nor model names one; absent or 0: 4096, or what fits where memory is short. */
  readonly contextTokens?: number;
  /** `f16`, `q8_0`, `q4_0`. Without flash attention the quantized ones give way to `f16`, with a warning. */
  readonly kvCacheType?: string;
  readonly flashAttention?: boolean;
  /** Memory of each runner for conversations that lost their slot; a sixteenth of the machine's, at most 1 GiB. */
  readonly promptCacheBytes?: number;
  /** Bytes that all models together may take; absent or 0: what the machine, or its container, has. */
  readonly memoryLimitBytes?: number;
  /** Left free on each GPU when the number of layers there is chosen; 0. */
  readonly gpuOverheadBytes?: number;
  /**
   * Folder of the engine's own in which conversations outlive their runner, so that a model that comes back goes
   * on where it left off. They are readable for their owner only. Absent: they are forgotten.
   */
  readonly stateFolder?: string;
  /** Most that the folder may hold, the oldest goes first; 2 GiB. */
  readonly stateFolderBytes?: number;
  readonly driver?: "auto" | "native" | "portable";
  /** Entry of the child process; that of this package. */
  readonly runnerEntry?: string;
  readonly execPath?: string;
  /** Environment of the children: library paths and device selection. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly logger?: Logger;
}

const defaultContextTokens = 4096;
const defaultStateFolderBytes = 2 * 1024 ** 3;
const maxPromptCacheBytes = 1024 ** 3;
const defaultHangTimeoutMs = 30_000;
const fiveMinutesMs = 300_000;

/** The engine: models as supervised child processes, loaded when asked for. */
export function createEngine(options: EngineOptions = {}): Engine {
  const logger = options.logger ?? silentLogger;
  const { runnerEntry, execArgv } = ownRunner();
  const startRunner = spawnRunner({
    runnerEntry: options.runnerEntry ?? runnerEntry,
    execArgv,
    ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
    env: options.env ?? {},
    hangTimeoutMs: options.hangTimeoutMs ?? defaultHangTimeoutMs,
    logger,
  });
  const memory = options.memoryLimitBytes || totalMemory();
  return new Scheduler({
    startRunner,
    readFacts: readModelFacts,
    freeBytes: freeMemory,
    // A limit that was set is one of all memory together.
    ...(options.memoryLimitBytes ? {} : { gpuFreeBytes: (spec: RunnerSpec) => gpuFreeBytes(spec, options) }),
    now: Date.now,
    logger,
    driver: options.driver ?? "auto",
    maxLoadedModels: options.maxLoadedModels || 3,
    maxQueue: options.maxQueue ?? 512,
    parallel: options.parallel ?? 1,
    draftTokens: draftTokensOf(options),
    keepAliveMs: options.keepAliveMs ?? fiveMinutesMs,
    loadTimeoutMs: options.loadTimeoutMs ?? fiveMinutesMs,
    contextTokens: options.contextTokens || defaultContextTokens,
    contextIsAutomatic: !options.contextTokens,
    kvCacheType: options.kvCacheType ?? "f16",
    ...(options.gpuOverheadBytes ? { gpuOverheadBytes: options.gpuOverheadBytes } : {}),
    promptCacheBytes: options.promptCacheBytes ?? Math.min(maxPromptCacheBytes, Math.floor(memory / 16)),
    // Weights that are mapped from files look free to the system, though a model reads them for every token.
    memoryLimitBytes: memory,
    ...(options.stateFolder === undefined
      ? {}
      : {
          savedStates: {
            folder: options.stateFolder,
            maxBytes: options.stateFolderBytes ?? defaultStateFolderBytes,
          },
        }),
    ...(options.flashAttention === undefined ? {} : { flashAttention: options.flashAttention }),
  });
}

function draftTokensOf({ draftTokens = mostDraftTokens }: EngineOptions): number {
  return Math.min(Math.max(0, Math.trunc(draftTokens)), mostDraftTokens) || 0;
}
