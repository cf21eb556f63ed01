import type { LoadedModelInfo } from "../engine.ts";
import type { RunnerSpec } from "../ipc/messages.ts";
import type { Runner } from "../runner-host/runner.ts";
import type { MemoryEstimate } from "./memory-plan.ts";

/** A runner with the requests that hold it and the clock that ends it. */
export class LoadedModel {
  readonly runner: Runner;
  readonly spec: RunnerSpec;
  readonly loadMs: number;
  readonly #estimate: MemoryEstimate;
  readonly #expire: () => void;
  readonly #now: () => number;
  label: string | undefined;
  keepAliveMs: number;
  activeRequests = 0;
  lastUsedMs: number;
  #expiresAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;
  /** Gone once idle, whatever its keep-alive says; takes no new requests. */
  isExpiring = false;
  /** Somebody waits until it is idle, to take its place; it takes no new requests meanwhile. */
  isDraining = false;
  readonly #idleWaiters = new Set<() => void>();

  constructor(parts: {
    readonly runner: Runner;
    readonly spec: RunnerSpec;
    readonly loadMs: number;
    readonly estimate: MemoryEstimate;
    readonly keepAliveMs: number;
    readonly expire: () => void;
    readonly now: () => number;
  }) {
    this.runner = parts.runner;
    this.spec = parts.spec;
    this.loadMs = parts.loadMs;
    this.#estimate = parts.estimate;
    this.keepAliveMs = parts.keepAliveMs;
    this.#expire = parts.expire;
    this.#now = parts.now;
    this.lastUsedMs = parts.now();
  }

  /** Weights and context as they were planned. */
  get plannedBytes(): number {
    return this.#estimate.weightsBytes + this.#estimate.contextBytes;
  }

  /** Weights and context: as the runner says, or as planned where it says nothing. */
  get sizeBytes(): number {
    const report = this.runner.report?.();
    if (report !== undefined) return report.weightsBytes + report.contextBytes;
    return Math.max(this.#estimate.weightsBytes, this.runner.facts.sizeBytes) + this.#estimate.contextBytes;
  }

  /** What it may take at most. */
  get memoryBytes(): number {
    return this.sizeBytes + this.#estimate.processBytes + this.spec.promptCacheBytes;
  }

  /** Of that, what lies in the memory of the machine. */
  get hostBytes(): number {
    return this.memoryBytes - this.#vramBytes;
  }

  get #vramBytes(): number {
    const report = this.runner.report?.();
    if (report === undefined) return this.runner.facts.vramBytes > 0 ? this.sizeBytes : 0;
    return report.isOnGpu ? this.sizeBytes : report.vramBytes;
  }

  hold(keepAliveMs: number | undefined): void {
    this.activeRequests += 1;
    if (keepAliveMs !== undefined) this.keepAliveMs = keepAliveMs;
    clearTimeout(this.#timer);
    this.#expiresAtMs = undefined;
  }

  release(): void {
    this.activeRequests -= 1;
    this.lastUsedMs = this.#now();
    if (this.activeRequests > 0) return;
    for (const wake of this.#idleWaiters) wake();
    if (this.isExpiring || this.keepAliveMs === 0) {
      this.#expire();
      return;
    }
    if (this.keepAliveMs < 0) return;
    this.#expiresAtMs = this.lastUsedMs + this.keepAliveMs;
    // Timers end at 2^31 ms; a longer keep-alive is as good as forever.
    if (this.keepAliveMs > 2 ** 31 - 1) return;
    this.#timer = setTimeout(this.#expire, this.keepAliveMs);
    this.#timer.unref();
  }

  /** Waits until its last request is over, or until nobody wants that any more. */
  async idle(signal: AbortSignal | undefined): Promise<void> {
    if (this.activeRequests === 0 || signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idleWaiters.add(resolve);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    this.#idleWaiters.delete(resolve);
  }

  /** Once, whoever asks: a runner that was asked again would save again what it knows. */
  stop(): Promise<void> {
    this.isExpiring = true;
    clearTimeout(this.#timer);
    this.#stopped ??= this.runner.stop();
    return this.#stopped;
  }

  info(): LoadedModelInfo {
    const { facts, pid } = this.runner;
    const expiresAtMs =
      this.keepAliveMs < 0 ? undefined : (this.#expiresAtMs ?? this.#now() + this.keepAliveMs);
    return {
      modelPath: this.spec.modelPath,
      ...(this.label === undefined ? {} : { label: this.label }),
      contextTokens: facts.contextTokens,
      trainedContextTokens: facts.trainedContextTokens,
      parallel: facts.parallel,
      sizeBytes: this.sizeBytes,
      vramBytes: this.#vramBytes,
      driver: facts.driver,
      ...(pid === undefined ? {} : { pid }),
      loadMs: this.loadMs,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      activeRequests: this.activeRequests,
      embeddingLength: facts.embeddingLength,
    };
  }
}

/** Idle models whose memory lies on GPUs: they make room before another one is computed on the processor. */
export function gpuHolders(models: Iterable<LoadedModel>): readonly LoadedModel[] {
  const holders = [...models].filter((model) => model.info().vramBytes > 0);
  return holders.every(({ activeRequests }) => activeRequests === 0) ? holders : [];
}
