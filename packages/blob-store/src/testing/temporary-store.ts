import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store, type StoreOptions } from "../open-store.ts";

export interface TemporaryStore extends AsyncDisposable {
  readonly store: Store;
  /** stands for `~/.ollama`; the store is `models` in it */
  readonly home: string;
}

/** A real store in a folder of its own, removed at the end of the scope. */
export async function openTemporaryStore(
  options: Omit<StoreOptions, "modelsDir"> = {},
): Promise<TemporaryStore> {
  const home = await mkdtemp(join(tmpdir(), "puna-store-"));
  const store = openStore({ modelsDir: join(home, "models"), ...options });
  return {
    store,
    home,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}
