import { mediaTypes } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { expect, it } from "vitest";
import { readStoredModel } from "../src/models/stored-model.ts";
import { LoadedBlobs } from "../src/services/loaded-blobs.ts";

it("keeps a loaded model's files from being pruned until the engine lets go of it", async () => {
  await using temporary = await openTemporaryStore();
  const { store } = temporary;
  const weights = await store.blobs.putText("weights");
  const config = await store.blobs.putJson({ model_format: "gguf" });
  const name = { host: "registry.ollama.ai", namespace: "library", model: "m", tag: "latest" };
  await store.manifests.write(name, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: [{ mediaType: mediaTypes.model, ...weights }],
  });
  const stored = await store.manifests.read(name);
  if (stored === undefined) throw new Error("the model was not written");
  const model = await readStoredModel(store, stored);
  const path = store.blobs.path(weights.digest);
  let loaded = [{ modelPath: path }];
  const blobs = new LoadedBlobs(store, { loaded: () => loaded as never });

  await blobs.holdWhile(path, model, async () => {});
  await store.manifests.delete(name);
  await store.prune({ minAgeMs: 0 });
  expect(await store.blobs.has(weights.digest)).toBe(true);

  loaded = [];
  await blobs.sweep();
  await store.prune({ minAgeMs: 0 });
  expect(await store.blobs.has(weights.digest)).toBe(false);
});
