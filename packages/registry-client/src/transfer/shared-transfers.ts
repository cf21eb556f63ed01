interface Shared {
  readonly abort: AbortController;
  readonly done: Promise<void>;
  readonly listeners: Set<(completedBytes: number) => void>;
  completedBytes: number;
  waiters: number;
}

/** Lets several pulls wait for one transfer of the same blob; it stops when the last of them leaves. */
export class SharedTransfers {
  readonly #running = new Map<string, Shared>();

  /** Runs `start`, or joins the run that is under way for this key. */
  async join(
    key: string,
    start: (report: (completedBytes: number) => void, signal: AbortSignal) => Promise<void>,
    options: { readonly onProgress: (completedBytes: number) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    options.signal.throwIfAborted();
    const shared = this.#running.get(key) ?? this.#begin(key, start);
    shared.waiters += 1;
    shared.listeners.add(options.onProgress);
    options.onProgress(shared.completedBytes);
    const left = Promise.withResolvers<never>();
    const onAbort = () => left.reject(options.signal.reason);
    options.signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([shared.done, left.promise]);
    } finally {
      options.signal.removeEventListener("abort", onAbort);
      shared.listeners.delete(options.onProgress);
      shared.waiters -= 1;
      if (shared.waiters === 0) {
        // Nobody may join a transfer that is being stopped.
        if (this.#running.get(key) === shared) this.#running.delete(key);
        shared.abort.abort(options.signal.reason);
        await shared.done.catch(() => {});
      }
    }
  }

  #begin(
    key: string,
    start: (report: (completedBytes: number) => void, signal: AbortSignal) => Promise<void>,
  ): Shared {
    const abort = new AbortController();
    const listeners = new Set<(completedBytes: number) => void>();
    const report = (completedBytes: number) => {
      shared.completedBytes = completedBytes;
      for (const listener of listeners) listener(completedBytes);
    };
    const done = Promise.resolve()
      .then(() => start(report, abort.signal))
      .finally(() => {
        if (this.#running.get(key) === shared) this.#running.delete(key);
      });
    done.catch(() => {});
    const shared: Shared = { abort, done, listeners, completedBytes: 0, waiters: 0 };
    this.#running.set(key, shared);
    return shared;
  }
}
