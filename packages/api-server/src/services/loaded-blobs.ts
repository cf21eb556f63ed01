import type { BlobLease, Store } from "@puna/blob-store";
import type { Engine } from "@puna/engine";
import type { StoredModel } from "../models/stored-model.ts";

/**
 * Keeps the files of loaded models from being pruned, also by other processes. A hold begins before the engine
 * opens the file and ends once the engine has let go of it, which is looked up whenever models come or go.
 */
export class LoadedBlobs {
  readonly #store: Store;
  readonly #engine: Pick<Engine, "loaded">;
  readonly #leases = new Map<string, Promise<BlobLease>>();
  readonly #loading = new Map<string, number>();

  constructor(store: Store, engine: Pick<Engine, "loaded">) {
    this.#store = store;
    this.#engine = engine;
  }

  /** Runs `load` with the model's files held; they stay so while the engine has the model. */
  async holdWhile<TResult>(path: string, model: StoredModel, load: () => Promise<TResult>): Promise<TResult> {
    this.#loading.set(path, (this.#loading.get(path) ?? 0) + 1);
    try {
      await this.#lease(path, model);
      return await load();
    } finally {
      const others = (this.#loading.get(path) ?? 1) - 1;
      if (others > 0) this.#loading.set(path, others);
      else this.#loading.delete(path);
    }
  }

  /** Lets go of what the engine has unloaded. */
  async sweep(): Promise<void> {
    const loaded = new Set(this.#engine.loaded().map(({ modelPath }) => modelPath));
    for (const [path, lease] of [...this.#leases]) {
      if (loaded.has(path) || this.#loading.has(path)) continue;
      this.#leases.delete(path);
      await (await lease)[Symbol.asyncDispose]();
    }
  }

  async #lease(path: string, model: StoredModel): Promise<void> {
    if (this.#leases.has(path)) return;
    const digests = [...new Set(model.stored.manifest.layers.map(({ digest }) => digest))];
    const lease = this.#store.lease(digests);
    this.#leases.set(path, lease);
    try {
      await lease;
    } catch (error) {
      this.#leases.delete(path);
      throw error;
    }
    // Others may have been unloaded since the last model came.
    await this.sweep();
  }
}
