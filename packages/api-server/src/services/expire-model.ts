import type { Dependencies } from "../dependencies.ts";
import type { KnownModel } from "../models/model-catalog.ts";

/** Unloads the model now, or when its running requests end. Not being loaded is no error. */
export async function expireModel({ engine }: Dependencies, known: KnownModel): Promise<void> {
  const { modelPath } = known.model;
  if (modelPath !== undefined) await engine.unload(modelPath);
}
