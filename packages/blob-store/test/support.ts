import { createHash } from "node:crypto";
import type { ModelName } from "@puna/protocol";
import { mediaTypes, type Store, type StoredManifest, StoreError } from "../src/index.ts";

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Creates a model whose layers are the given files. */
export async function createModel(
  store: Store,
  name: ModelName,
  ...weights: readonly (Uint8Array | { readonly name: string; readonly bytes: Uint8Array })[]
): Promise<StoredManifest> {
  const config = await store.blobs.putJson({ model_format: "gguf" });
  const layers = [];
  for (const file of weights) {
    const bytes = file instanceof Uint8Array ? file : file.bytes;
    const named = file instanceof Uint8Array ? {} : { name: file.name };
    layers.push({ mediaType: mediaTypes.model, ...(await store.blobs.putBytes(bytes)), ...named });
  }
  return await store.manifests.write(name, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers,
  });
}

export async function errorCode(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "no error",
    (error: unknown) => (StoreError.is(error) ? error.code : String(error)),
  );
}
