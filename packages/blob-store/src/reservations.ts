import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder, listFolder, removeFile } from "./durable-files.ts";
import { isErrno } from "./errno.ts";
import { checkDigest, type StoreLayout } from "./layout.ts";
import { storeLock } from "./locks/leases.ts";
import type { ProcessLocks } from "./locks/process-lock.ts";

/** Whoever uploads a blob asks for its model right after; what nobody asks for in this time is forgotten. */
const reservationMs = 3_600_000;

/** Blobs that wait for the manifest that will name them. Unlike leases they outlive their process, and end by themselves. */
export class Reservations {
  readonly #folder: string;
  readonly #locks: ProcessLocks;

  constructor({ reservationsDir }: StoreLayout, locks: ProcessLocks) {
    this.#folder = reservationsDir;
    this.#locks = locks;
  }

  /** Under the store's lock, so that it is either seen by a running prune or begins after it. */
  async add(digest: string, signal?: AbortSignal): Promise<void> {
    const path = join(this.#folder, checkDigest(digest).slice(-64));
    try {
      await this.#locks.with(
        storeLock,
        async () => {
          await ensureFolder(this.#folder);
          await writeFile(path, "reserved", { mode: 0o644 });
        },
        signal,
      );
    } catch (error) {
      // A store that may only be read: whoever may write there decides.
      if (!isErrno(error, "EACCES", "EPERM", "EROFS")) throw error;
    }
  }

  /** Ends those of blobs that a manifest names now. Call it under the store's lock. */
  async end(digests: readonly string[]): Promise<void> {
    for (const digest of digests) await removeFile(join(this.#folder, digest.slice(-64)));
  }

  /** All that have not run out. */
  async current(now: number): Promise<ReadonlySet<string>> {
    const digests = new Set<string>();
    for (const hex of await listFolder(this.#folder)) {
      const path = join(this.#folder, hex);
      const since = (await stat(path).catch(() => undefined))?.mtimeMs;
      if (since === undefined) continue;
      if (since + reservationMs > now) digests.add(`sha256:${hex}`);
      else await removeFile(path);
    }
    return digests;
  }
}
