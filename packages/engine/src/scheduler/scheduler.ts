import type {
  AcquireOptions,
  Engine,
  EngineEvent,
  LoadedModelInfo,
  ModelLease,
  ModelSpec,
  UnloadReason,
} from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { RunnerSpec } from "../ipc/messages.ts";
import type { Logger } from "../logger.ts";
import type { Runner, StartRunner } from "../runner-host/runner.ts";
import { createLease } from "./create-lease.ts";
import { contextSteps, fitToMemory } from "./fit-to-memory.ts";
import { gpuHolders, LoadedModel } from "./loaded-model.ts";
import {
  checkMemory,
  estimateBytes,
  estimateMemory,
  type ModelFacts,
  planEviction,
  planPromptCache,
} from "./memory-plan.ts";
import { type LoadDefaults, planRunner } from "./plan-runner.ts";
import { warnCacheType, warnMissed, warnShortened } from "./plan-warnings.ts";
import { RestartBackoff } from "./restart-backoff.ts";
import { satisfies } from "./satisfies.ts";
import { untilAborted } from "./until-aborted.ts";

export interface SchedulerOptions extends LoadDefaults {
  readonly startRunner: StartRunner;
  readonly readFacts: (modelPath: string, adapters?: ModelSpec["adapters"]) => Promise<ModelFacts>;
  readonly freeBytes: () => number;
  /** Memory of GPUs beside it, asked for where a model needs more than the machine has. */
  readonly gpuFreeBytes?: (spec: RunnerSpec) => Promise<number>;
  readonly now: () => number;
  readonly logger: Logger;
  readonly maxLoadedModels: number;
  readonly maxQueue: number;
  readonly keepAliveMs: number;
  readonly loadTimeoutMs: number;
  /** What all runners together may take; absent: whatever the machine has. */
  readonly memoryLimitBytes?: number;
}

interface PlannedLoad {
  readonly facts: ModelFacts;
  readonly options: AcquireOptions;
  /** Nobody asked for this very context. */
  readonly mayShorten: boolean;
}

const healthTimeoutMs = 10_000;
/** By then everything that a runner wrote while it loaded has been read. */
const reportDelayMs = 1_000;
/** A runner that answered this recently is not asked again before a request. */
const trustMs = 30_000;

/** Decides which models are in memory: loads on demand, one at a time, and lets go by keep-alive and need. */
export class Scheduler implements Engine {
  readonly #options: SchedulerOptions;
  readonly #models = new Map<string, LoadedModel>();
  readonly #backoff: RestartBackoff;
  /** Runners that save what they know before they end; their memory is not free yet. */
  readonly #leaving = new Set<Promise<void>>();
  /** By how much the plan for a file was short of what its runner took. */
  readonly #missedBytes = new Map<string, number>();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
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
    else await this.#expire(model, "requested");
    return true;
  }

  observe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const expireAll = () =>
      Promise.all([...this.#models.values()].map((model) => this.#expire(model, "closed")));
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
        await this.#expire(model, "failed");
        return undefined;
      }
    }
    if (options.label !== undefined) model.label = options.label;
    return createLease(model, options);
  }

  async #load(spec: ModelSpec, options: AcquireOptions): Promise<ModelLease> {
    const previous = this.#models.get(spec.modelPath);
    // One that failed is not waited for: its requests are over, and it ends by itself.
    if (previous !== undefined && !previous.runner.isUsable()) await previous.runner.exited;
    else if (previous !== undefined) await this.#expireWhenIdle(previous, "reloaded", options.signal);
    await this.#everyoneLeft();
    this.#backoff.check(spec.modelPath);
    const facts = await this.#options.readFacts(spec.modelPath, spec.adapters);
    this.#checkOpen(options.signal);
    const wanted = planRunner(spec, facts, this.#options);
    const wantedType = spec.load?.kvCacheType ?? this.#options.kvCacheType;
    if (wanted.kvCacheType !== wantedType) warnCacheType(this.#options.logger, wanted, wantedType);
    const mayShorten = spec.load?.contextTokens === undefined && this.#options.contextIsAutomatic;
    const load: PlannedLoad = { facts, options, mayShorten };
    const gpuBytes = await this.#gpuBytes(wanted, facts);
    await this.#everyoneLeft();
    this.#checkOpen(options.signal);
    // What will not fit when all others are gone takes nothing from them.
    const loaded = [...this.#models.values()];
    const room = this.#freeBytes() + gpuBytes;
    const mostBytes = loaded.reduce((total, { memoryBytes }) => total + memoryBytes, room);
    const possible = this.#fit(wanted, load, mostBytes);
    const evicted = planEviction(loaded, {
      bytes: estimateBytes(facts, possible) + possible.promptCacheBytes,
      freeBytes: room,
      maxModels: this.#options.maxLoadedModels,
    });
    await this.#evict(evicted, spec.modelPath, options.signal);
    const onGpus = evicted.length === 0 ? gpuBytes : await this.#gpuBytes(possible, facts);
    this.#checkOpen(options.signal);
    const freeBytes = onGpus + this.#freeBytes();
    const planned = this.#fit(possible, load, freeBytes);
    const needed = estimateBytes(facts, planned);
    const promptCacheBytes = planPromptCache(planned.promptCacheBytes, needed, freeBytes);
    return this.#startSmaller({ ...planned, promptCacheBytes }, load);
  }

  /** Context and slots that fit. @throws EngineError `OUT_OF_MEMORY` where none do */
  #fit(wanted: RunnerSpec, { facts, mayShorten }: PlannedLoad, freeBytes: number): RunnerSpec {
    const fits = (spec: RunnerSpec) => this.#needed(spec, facts) <= freeBytes;
    const fitting = fitToMemory(wanted, { mayShorten, fits });
    checkMemory(this.#needed(fitting, facts), freeBytes);
    return this.#shortened(wanted, fitting, facts);
  }

  #shortened(wanted: RunnerSpec, step: RunnerSpec, facts: ModelFacts): RunnerSpec {
    if (step === wanted) return wanted;
    warnShortened(this.#options.logger, wanted, step);
    return { ...step, contextIsTrainedLength: step.contextTokens === facts.trainedContextTokens };
  }

  /** Where the plan was too hopeful, everything else goes; then the context becomes smaller, step by step. */
  async #startSmaller(planned: RunnerSpec, load: PlannedLoad): Promise<ModelLease> {
    const { options, facts, mayShorten } = load;
    let failure: unknown;
    for (const step of contextSteps(planned, mayShorten)) {
      const spec = this.#shortened(planned, step, facts);
      for (;;) {
        const holders = gpuHolders(this.#models.values());
        try {
          return await this.#start(
            { ...spec, ...this.#hostRoom(spec, facts), wholeOnGpu: holders.length > 0 },
            load,
          );
        } catch (error) {
          if (!EngineError.is(error) || error.code !== "OUT_OF_MEMORY") throw error;
          failure = error;
        }
        const others = holders.length > 0 ? holders : [...this.#models.values()];
        if (others.length === 0) break;
        await this.#evict(others, planned.modelPath, options.signal);
      }
    }
    throw failure;
  }

  /** A request that is cancelled while it waits takes nothing from anybody. @throws EngineError `ABORTED` */
  async #evict(
    models: readonly LoadedModel[],
    modelPath: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const model of models) {
      await this.#expireWhenIdle(model, "evicted", signal);
      this.#options.logger.info("evicted model", { modelPath: model.spec.modelPath, for: modelPath });
    }
  }

  #needed(spec: RunnerSpec, facts: ModelFacts): number {
    return estimateBytes(facts, spec) + (this.#missedBytes.get(spec.modelPath) ?? 0);
  }

  /** GPUs count where a model needs more than the machine has. */
  async #gpuBytes(spec: RunnerSpec, facts: ModelFacts): Promise<number> {
    if (this.#needed(spec, facts) <= this.#freeBytes()) return 0;
    return (await this.#options.gpuFreeBytes?.(spec)) ?? 0;
  }

  /** A driver may refuse what seemed free on a GPU: the machine then gets no more of the model than it has room for. */
  #hostRoom(spec: RunnerSpec, facts: ModelFacts): Pick<RunnerSpec, "hostRoomBytes"> {
    const hostRoomBytes = this.#freeBytes();
    return this.#needed(spec, facts) <= hostRoomBytes ? {} : { hostRoomBytes };
  }

  /** Of the machine, or of what the models may take together. */
  #freeBytes(): number {
    const { freeBytes, memoryLimitBytes } = this.#options;
    if (memoryLimitBytes === undefined) return freeBytes();
    const taken = [...this.#models.values()].reduce((total, { hostBytes }) => total + hostBytes, 0);
    return Math.min(freeBytes(), memoryLimitBytes - taken);
  }

  async #start(wanted: RunnerSpec, load: PlannedLoad): Promise<ModelLease> {
    const { facts, options } = load;
    const { now, keepAliveMs } = this.#options;
    const estimate = estimateMemory(facts, wanted);
    const spec = {
      ...wanted,
      planned: { ...estimate, blockCount: facts.dimensions.blockCount },
    };
    const begun = now();
    const runner = await this.#startCounted(spec, load);
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
      estimate,
      loadMs: now() - begun,
      keepAliveMs: options.keepAliveMs ?? keepAliveMs,
      expire: () => void this.#expire(model, model.isExpiring ? "requested" : "expired"),
      now,
    });
    if (options.label !== undefined) model.label = options.label;
    this.#models.set(spec.modelPath, model);
    void runner.exited.then(() => {
      // Nobody asked it to go: the next request starts another one, soon or after a pause.
      if (this.#forget(model, "failed")) this.#backoff.died(spec.modelPath, runner.answered());
    });
    model.hold(undefined);
    this.#tell({ type: "model-load", model: model.info() });
    setTimeout(() => this.#comparePlan(model), reportDelayMs).unref();
    return createLease(model, options);
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

  /** What a runner really took corrects the next plan for its file. */
  #comparePlan(model: LoadedModel): void {
    const { plannedBytes, sizeBytes, spec } = model;
    const missed = sizeBytes - plannedBytes;
    if (missed > 0) this.#missedBytes.set(spec.modelPath, missed);
    else this.#missedBytes.delete(spec.modelPath);
    warnMissed(this.#options.logger, model);
  }

  /** Loads that end their process count as deaths, too. */
  async #startCounted(spec: RunnerSpec, load: PlannedLoad): Promise<Runner> {
    try {
      return await this.#startRunner(spec, load.facts, load.options.signal);
    } catch (error) {
      const crashed = EngineError.is(error) && EngineError.is(error.cause) ? error.cause.code : undefined;
      if (crashed === "RUNNER_CRASHED") this.#backoff.died(spec.modelPath, 0);
      throw error;
    }
  }

  async #expireWhenIdle(
    model: LoadedModel,
    reason: UnloadReason,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    model.isDraining = true;
    await model.idle(signal);
    model.isDraining = false;
    this.#checkOpen(signal);
    await this.#expire(model, reason);
  }

  async #expire(model: LoadedModel, reason: UnloadReason): Promise<void> {
    model.isExpiring = true;
    this.#forget(model, reason);
    const left = model.stop();
    this.#leaving.add(left);
    try {
      await left;
    } finally {
      this.#leaving.delete(left);
    }
  }

  /** No request gets it any more. @returns whether it was there */
  #forget(model: LoadedModel, reason: UnloadReason): boolean {
    const { modelPath } = model.spec;
    if (this.#models.get(modelPath) !== model) return false;
    this.#models.delete(modelPath);
    this.#tell({ type: "model-unload", reason, model: model.info() });
    return true;
  }

  #tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async #everyoneLeft(): Promise<void> {
    await Promise.allSettled(this.#leaving);
  }
}
