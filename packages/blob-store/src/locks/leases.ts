import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder, listFolder, removeFile } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { checkDigest } from "../layout.ts";
import type { BlobLease } from "../store.ts";
import type { Owner } from "./owner.ts";
import type { ProcessLocks } from "./process-lock.ts";

/** Name of the lock under which manifests change, leases begin and unused blobs are removed. */
export const storeLock = "store";

/** Stands in a lease for every blob that no manifest names. */
export const everyBlob = "*";

/** Which blobs are in use right now, by any process. */
export class Leases {
  readonly #folder: string;
  readonly #owner: Owner;
  readonly #locks: ProcessLocks;

  constructor(leasesDir: string, owner: Owner, locks: ProcessLocks) {
    this.#folder = leasesDir;
    this.#owner = owner;
    this.#locks = locks;
  }

  /**
   * Under the store's lock, so that a lease is either seen by a running removal or begins after it.
   * In a store that this process may only read a lease says nothing: whoever may write there decides.
   */
  async acquire(digests: readonly string[], signal?: AbortSignal): Promise<BlobLease> {
    try {
      return await this.#write(digests.map(checkDigest), signal);
    } catch (error) {
      if (!isErrno(error, "EACCES", "EPERM", "EROFS")) throw error;
      return { digests, [Symbol.asyncDispose]: async () => {} };
    }
  }

  /** Keeps prunes from removing anything while a model is made of blobs that no manifest names yet. */
  async acquireAll(signal?: AbortSignal): Promise<AsyncDisposable> {
    return await this.#write([everyBlob], signal);
  }

  async #write(checked: readonly string[], signal?: AbortSignal): Promise<BlobLease> {
    const path = join(this.#folder, await this.#owner.nextName());
    await this.#locks.with(
      storeLock,
      async () => {
        await ensureFolder(this.#folder);
        await writeFile(path, checked.join("\n"), { mode: 0o644 });
      },
      signal,
    );
    return {
      digests: checked,
      [Symbol.asyncDispose]: async () => {
        await removeFile(path);
      },
    };
  }

  /** All digests in use, `everyBlob` among them if all are. Call it under the store's lock. */
  async inUse(): Promise<ReadonlySet<string>> {
    const digests = new Set<string>();
    for (const entry of await listFolder(this.#folder)) {
      const path = join(this.#folder, entry);
      if (!(await this.#owner.isAlive(entry))) {
        await removeFile(path);
        continue;
      }
      for (const digest of await readLines(path)) digests.add(digest);
    }
    return digests;
  }
}

async function readLines(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, "utf8")).split("\n");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}
