import { rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureFolder, listFolder, removeFile } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { StoreError } from "../errors.ts";
import type { Owner } from "./owner.ts";

/**
 * Mutual exclusion between processes that survives crashes.
 * Each contender puts a file with a name of its own into the lock's folder and then looks for others: since all
 * put before they look, two can never both find themselves alone. Files of dead owners are removed on sight,
 * which is safe because no name is ever used twice.
 */
export class ProcessLocks {
  readonly #folder: string;
  readonly #owner: Owner;
  readonly #queues = new Map<string, Promise<void>>();

  constructor(locksDir: string, owner: Owner) {
    this.#folder = locksDir;
    this.#owner = owner;
  }

  /**
   * Waits for the lock of this name.
   * @throws StoreError `LOCK_TIMEOUT` after `timeoutMs` (default: waits for ever); the signal's reason
   */
  async acquire(
    name: string,
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
  ): Promise<AsyncDisposable> {
    const leaveQueue = await this.#enterQueue(name, options.signal);
    try {
      const path = await this.#contend(name, options);
      let released = false;
      return {
        [Symbol.asyncDispose]: async () => {
          if (released) return;
          released = true;
          await removeFile(path);
          await rmdir(join(this.#folder, name)).catch(() => {});
          leaveQueue();
        },
      };
    } catch (error) {
      leaveQueue();
      throw error;
    }
  }

  /** Runs `action` under the lock. */
  async with<T>(name: string, action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await using _lock = await this.acquire(name, { signal });
    return await action();
  }

  /** Callers of one process wait in memory, in order; only the first of them contends on disk. */
  async #enterQueue(name: string, signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const tail = before.then(() => promise);
    this.#queues.set(name, tail);
    const leave = () => {
      resolve();
      if (this.#queues.get(name) === tail) this.#queues.delete(name);
    };
    try {
      await raceSignal(before, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  async #contend(
    name: string,
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number },
  ): Promise<string> {
    const folder = join(this.#folder, name);
    const own = await this.#owner.nextName();
    const deadline =
      options.timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.timeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      options.signal?.throwIfAborted();
      if (await this.#isFree(folder, own)) {
        const path = join(folder, own);
        await createIn(folder, path);
        if (await this.#isFree(folder, own)) return path;
        await removeFile(path);
      }
      if (Date.now() > deadline) {
        throw new StoreError(
          "LOCK_TIMEOUT",
          `Another process has been holding the store's lock ${name}; try again`,
        );
      }
      await sleep(Math.min(5 * (attempt + 1), 100) * (0.5 + Math.random()), undefined, {
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }).catch(() => options.signal?.throwIfAborted());
    }
  }

  async #isFree(folder: string, own: string): Promise<boolean> {
    for (const entry of await listFolder(folder)) {
      if (entry === own) continue;
      if (await this.#owner.isAlive(entry)) return false;
      await removeFile(join(folder, entry));
    }
    return true;
  }
}

/** The last one out removes the folder, so it may vanish between making it and using it. */
async function createIn(folder: string, path: string): Promise<void> {
  for (;;) {
    await ensureFolder(folder);
    try {
      await writeFile(path, "", { flag: "wx", mode: 0o644 });
      return;
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }
}

function raceSignal(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}
