import { mediaTypes } from "@puna/blob-store";
import { ModelName } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest, notFound } from "../errors.ts";
import { findName } from "../models/find-model.ts";

/** Removes a model, and unloads it unless another name has the same weights. @throws ApiError `BAD_REQUEST`, `NOT_FOUND` */
export async function deleteModel({ store, engine }: Dependencies, model: string): Promise<void> {
  const name = ModelName.parse(model);
  if (!name.isValid()) throw badRequest(`name ${JSON.stringify(model)} is invalid`);
  const existing = await findName(store, name);
  const stored = existing === undefined ? undefined : await store.manifests.read(existing);
  if (existing === undefined || stored === undefined) throw notFound(`model '${model}' not found`);
  const label = existing.toShortString();
  const paths = stored.manifest.layers
    .filter((layer) => layer.mediaType === mediaTypes.model)
    .map((layer) => store.blobs.path(layer.digest));
  const isLoadedByIt = engine.loaded().some((info) => info.label === label && paths.includes(info.modelPath));
  if (isLoadedByIt) for (const path of paths) await engine.unload(path);
  await store.manifests.delete(existing);
}
