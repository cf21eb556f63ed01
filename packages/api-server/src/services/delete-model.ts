import { ModelName, ProtocolError, parsePullName, quoteGo } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { badRequest, notFound } from "../errors.ts";
import { weightsPath } from "../models/stored-model.ts";

/** Removes a model, and unloads it unless another name has the same weights. @throws ApiError `BAD_REQUEST`, `NOT_FOUND` */
export async function deleteModel(
  { store, engine, loadedBlobs }: Dependencies,
  model: string,
): Promise<void> {
  if (model.trim() === "") throw badRequest("model is required");
  const name = readName(model);
  const stored = await store.manifests.find(name);
  if (stored === undefined) throw notFound(`model '${model}' not found`);
  const label = new ModelName(stored.name).toShortString();
  const path = await weightsPath(store, stored);
  const isLoadedByIt = engine.loaded().some((info) => info.label === label && info.modelPath === path);
  if (path !== undefined && isLoadedByIt) {
    await engine.unload(path);
    await loadedBlobs.sweep();
  }
  await store.manifests.delete(stored.name);
}

function readName(model: string): ModelName {
  try {
    return parsePullName(model);
  } catch (error) {
    if (!ProtocolError.is(error) || error.code === "INVALID_REFERENCE") throw error;
    throw badRequest(`name ${quoteGo(model)} is invalid`, error);
  }
}
