import type { AcquireOptions, Engine, LoadedModelInfo, ModelLease, ModelSpec } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { RequestTurn, RunnerSpec, SavedStatesFolder } from "../ipc/messages.ts";
import type { Logger } from "../logger.ts";
import type { Runner, StartRunner } from "../runner-host/runner.ts";
import { createLease } from "./create-lease.ts";
import { LoadedModel } from "./loaded-model.ts";
import {
  checkMemory,
  estimateBytes,
  type ModelFacts,
  planContext,
  planEviction,
  planPromptCache,
} from "./memory-plan.ts";
import { RestartBackoff } from "./restart-backoff.ts";
import { satisfies } from "./satisfies.ts";

export interface SchedulerOptions {
  readonly startRunner: StartRunner;
  readonly readFacts: (modelPath: string) => Promise<ModelFacts>;
  readonly freeBytes: () => number;
  readonly now: () => number;
  readonly logger: Logger;
  readonly driver: RunnerSpec["driver"];
  readonly maxLoadedModels: number;
  readonly maxQueue: number;
  readonly parallel: number;
  readonly keepAliveMs: number;
  readonly loadTimeoutMs: number;
  readonly contextTokens: number;
  readonly kvCacheType: string;
  readonly flashAttention?: boolean;
  /** Saved sequence states of each runner. */
  readonly promptCacheBytes: number;
  /** Where they outlive their runners. */
  readonly savedStates?: SavedStatesFolder;
  /** What all runners together may take; absent: whatever the machine has. */
  readonly memoryLimitBytes?: number;
}

interface PlannedLoad {
  readonly facts: ModelFacts;
  readonly estimatedBytes: number;
  readonly options: AcquireOptions;
}

const healthTimeoutMs = 10_000;
/** A runner that answered this recently is not asked again before a request. */
const trustMs = 30_000;

/** Decides which models are in memory: loads on demand, one at a time, and lets go by keep-alive and need. */
export class Scheduler implements Engine {
  readonly #options: SchedulerOptions;
  readonly #models = new Map<string, LoadedModel>();
  readonly #backoff: RestartBackoff;
  /** Runners that save what they know before they end; their memory is not free yet. */
  readonly #leaving = new Set<Promise<void>>();
  #waiting = 0;
  /** Loads happen one after another, so that each sees the memory the last one took. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#backoff = new RestartBackoff(options.now);
  }

  async acquire(spec: ModelSpec, options: AcquireOptions = {}): Promise<ModelLease> {
    this.#checkOpen(options.signal);
    const ready = await this.#holdLoaded(spec, options);
    if (ready !== undefined) return ready;
    if (this.#waiting >= this.#options.maxQueue) {
      throw new EngineError(
        "QUEUE_FULL",
        "server busy, please try again.  maximum pending requests exceeded",
        {
          details: { waiting: this.#waiting },
        },
      );
    }
    this.#waiting += 1;
    const work = this.#inTurn(async () => {
      this.#checkOpen(options.signal);
      return (await this.#holdLoaded(spec, options)) ?? (await this.#load(spec, options));
    });
    try {
      return await untilAborted(work, options.signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  loaded(): readonly LoadedModelInfo[] {
    return [...this.#models.values()].map((model) => model.info());
  }

  async unload(modelPath: string): Promise<boolean> {
    const model = this.#models.get(modelPath);
    if (model === undefined) return false;
    if (model.activeRequests > 0) model.isExpiring = true;
    else await this.#expire(model);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const expireAll = () => Promise.all([...this.#models.values()].map((model) => this.#expire(model)));
    await expireAll();
    // A load that was under way may have ended in a runner.
    await this.#turn;
    await expireAll();
    await this.#everyoneLeft();
  }

  #checkOpen(signal: AbortSignal | undefined): void {
    if (this.#closed) throw new EngineError("CLOSED", "the engine is shutting down");
    if (signal?.aborted) throw new EngineError("ABORTED", "the request was cancelled");
  }

  #inTurn<TValue>(work: () => Promise<TValue>): Promise<TValue> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** A lease on a runner that is there and fits the request; undefined when one must be loaded. */
  async #holdLoaded(spec: ModelSpec, options: AcquireOptions): Promise<ModelLease | undefined> {
    const model = this.#models.get(spec.modelPath);
    if (model === undefined || model.isExpiring || model.isDraining) return undefined;
    if (!satisfies(model.spec, spec)) return undefined;
    // It hangs or died, and its process is still being cleared away.
    if (!model.runner.isUsable()) return undefined;
    model.hold(options.keepAliveMs);
    if (this.#options.now() - model.lastUsedMs > trustMs && model.activeRequests === 1) {
      try {
        await model.runner.health(healthTimeoutMs);
      } catch {
        model.release();
        await this.#expire(model);
        return undefined;
      }
    }
    if (options.label !== undefined) model.label = options.label;
    return createLease(model, turnOf(options));
  }

  async #load(spec: ModelSpec, options: AcquireOptions): Promise<ModelLease> {
    const previous = this.#models.get(spec.modelPath);
    // One that failed is not waited for: its requests are over, and it ends by itself.
    if (previous !== undefined && !previous.runner.isUsable()) await previous.runner.exited;
    else if (previous !== undefined) await this.#expireWhenIdle(previous, options.signal);
    await this.#everyoneLeft();
    this.#backoff.check(spec.modelPath);
    const facts = await this.#options.readFacts(spec.modelPath);
    this.#checkOpen(options.signal);
    const planned = this.#plan(spec, facts);
    const estimatedBytes = estimateBytes(facts, planned);
    const evicted = planEviction([...this.#models.values()], {
      bytes: estimatedBytes + planned.promptCacheBytes,
      freeBytes: this.#freeBytes(),
      maxModels: this.#options.maxLoadedModels,
    });
    await this.#evict(evicted, spec.modelPath, options.signal);
    const freeBytes = this.#freeBytes();
    checkMemory(estimatedBytes, freeBytes);
    const promptCacheBytes = planPromptCache(planned.promptCacheBytes, estimatedBytes, freeBytes);
    const runnerSpec = { ...planned, promptCacheBytes };
    try {
      return await this.#start(runnerSpec, { facts, estimatedBytes, options });
    } catch (error) {
      const others = [...this.#models.values()];
      if (!EngineError.is(error) || error.code !== "OUT_OF_MEMORY" || others.length === 0) throw error;
      // The plan was too hopeful: everything else goes, and it may try once more.
      await this.#evict(others, spec.modelPath, options.signal);
      return this.#start(runnerSpec, { facts, estimatedBytes, options });
    }
  }

  /** A request that is cancelled while it waits takes nothing from anybody. @throws EngineError `ABORTED` */
  async #evict(
    models: readonly LoadedModel[],
    modelPath: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const model of models) {
      await this.#expireWhenIdle(model, signal);
      this.#options.logger.info("evicted model", { modelPath: model.spec.modelPath, for: modelPath });
    }
  }

  /** Of the machine, or of what the models may take together. */
  #freeBytes(): number {
    const { freeBytes, memoryLimitBytes } = this.#options;
    if (memoryLimitBytes === undefined) return freeBytes();
    const taken = [...this.#models.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    return Math.min(freeBytes(), memoryLimitBytes - taken);
  }

  async #start(spec: RunnerSpec, load: PlannedLoad): Promise<ModelLease> {
    const { facts, estimatedBytes, options } = load;
    const { now, keepAliveMs } = this.#options;
    const begun = now();
    const runner = await this.#startRunner(spec, facts, options.signal);
    if (this.#closed) {
      await runner.stop();
      this.#checkOpen(undefined);
    }
    if (runner.facts.fallbackReason !== undefined) {
      this.#options.logger.warn("using another driver", {
        driver: runner.facts.driver,
        reason: runner.facts.fallbackReason,
      });
    }
    const model = new LoadedModel({
      runner,
      spec,
      estimatedBytes,
      loadMs: now() - begun,
      keepAliveMs: options.keepAliveMs ?? keepAliveMs,
      expire: () => void this.#expire(model),
      now,
    });
    if (options.label !== undefined) model.label = options.label;
    this.#models.set(spec.modelPath, model);
    void runner.exited.then(() => {
      if (this.#models.get(spec.modelPath) !== model) return;
      // Nobody asked it to go: the next request starts another one, soon or after a pause.
      this.#models.delete(spec.modelPath);
      if (!model.isExpiring) this.#backoff.died(spec.modelPath, runner.answered());
    });
    model.hold(undefined);
    return createLease(model, turnOf(options));
  }

  /** A file that needs other metadata is copied for as long as its runner lives. */
  async #startRunner(spec: RunnerSpec, facts: ModelFacts, signal: AbortSignal | undefined): Promise<Runner> {
    const limits = { timeoutMs: this.#options.loadTimeoutMs, ...(signal ? { signal } : {}) };
    const copy = await facts.rewrite?.();
    if (copy === undefined) return this.#options.startRunner(spec, limits);
    try {
      const runner = await this.#options.startRunner({ ...spec, filePath: copy.path }, limits);
      void runner.exited.then(() => copy[Symbol.asyncDispose]());
      return runner;
    } catch (error) {
      await copy[Symbol.asyncDispose]();
      throw error;
    }
  }

  #plan(spec: ModelSpec, facts: ModelFacts): RunnerSpec {
    const { load = {} } = spec;
    const { contextTokens, kvCacheType, flashAttention, driver, savedStates } = this.#options;
    const flash = load.flashAttention ?? flashAttention;
    const planned = planContext(load.contextTokens, contextTokens, facts);
    return {
      driver,
      modelPath: spec.modelPath,
      adapters: spec.adapters ?? [],
      contextTokens: planned,
      contextIsTrainedLength: planned === facts.trainedContextTokens,
      parallel: load.embedding ? 1 : this.#options.parallel,
      batchTokens: load.batchTokens ?? 512,
      gpuLayers: load.gpuLayers ?? -1,
      ...(load.mainGpu === undefined ? {} : { mainGpu: load.mainGpu }),
      ...(load.useMmap === undefined ? {} : { useMmap: load.useMmap }),
      threads: load.threads ?? 0,
      kvCacheType: load.kvCacheType ?? kvCacheType,
      ...(flash === undefined ? {} : { flashAttention: flash }),
      embedding: load.embedding ?? false,
      kvOverrides: facts.kvOverrides,
      promptCacheBytes: this.#options.promptCacheBytes,
      ...(savedStates === undefined || load.embedding ? {} : { savedStates }),
    };
  }

  async #expireWhenIdle(model: LoadedModel, signal: AbortSignal | undefined): Promise<void> {
    model.isDraining = true;
    await model.idle(signal);
    model.isDraining = false;
    this.#checkOpen(signal);
    await this.#expire(model);
  }

  async #expire(model: LoadedModel): Promise<void> {
    model.isExpiring = true;
    if (this.#models.get(model.spec.modelPath) === model) this.#models.delete(model.spec.modelPath);
    const left = model.stop();
    this.#leaving.add(left);
    try {
      await left;
    } finally {
      this.#leaving.delete(left);
    }
  }

  async #everyoneLeft(): Promise<void> {
    await Promise.allSettled(this.#leaving);
  }
}

function turnOf({ priority = "interactive", clientId = "" }: AcquireOptions): RequestTurn {
  return { priority, clientId };
}

/** A request that is cancelled leaves the queue at once; what it would have got is given back. */
async function untilAborted(work: Promise<ModelLease>, signal: AbortSignal | undefined): Promise<ModelLease> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    void work.then((lease) => lease[Symbol.asyncDispose]()).catch(() => {});
    aborted.reject(new EngineError("ABORTED", "the request was cancelled while it waited for the model"));
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
