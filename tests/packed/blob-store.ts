import assert from "node:assert/strict";
import { mediaTypes, openStore, StoreError } from "@puna/blob-store";
import { openTemporaryStore } from "@puna/blob-store/testing";

await using temporary = await openTemporaryStore();
const { store } = temporary;
const name = { host: "registry.ollama.ai", namespace: "library", model: "tiny", tag: "latest" };
const config = await store.blobs.putJson({ model_format: "gguf" });
const weights = await store.blobs.putText("weights");
await store.manifests.write(name, {
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: { mediaType: mediaTypes.config, digest: config.digest, size: config.size },
  layers: [{ mediaType: mediaTypes.model, digest: weights.digest, size: weights.size }],
});

await using again = openStore({ modelsDir: `${temporary.home}/models` });
assert.deepEqual(
  (await again.manifests.list()).map((model) => model.name.model),
  ["tiny"],
);
assert.equal(await again.blobs.readText(weights.digest), "weights");
assert.equal(await again.manifests.read({ ...name, model: "absent" }), undefined);
await assert.rejects(
  again.blobs.readText(`sha256:${"0".repeat(64)}`),
  (error) => StoreError.is(error) && error.code === "BLOB_NOT_FOUND",
);
console.log("ok");
