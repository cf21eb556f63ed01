import type { Store, StoredManifest } from "@puna/blob-store";
import { ModelName, parseModelReference } from "@puna/protocol";
import { ApiError } from "../errors.ts";

/** A model as a request names it, and what the store has under that name. */
export interface FoundModel {
  /** In the casing of the store when it is there. */
  readonly name: ModelName;
  readonly stored: StoredManifest | undefined;
}

/** Finds a model whatever the case of its name. @throws ProtocolError `INVALID_NAME`, `INVALID_REFERENCE`; ApiError `FORBIDDEN` for cloud models */
export async function findModel(
  store: Store,
  reference: string,
  cloudAction = "remote model is unavailable",
): Promise<FoundModel> {
  const { name, source } = parseModelReference(reference);
  if (source === "cloud") throw cloudDisabled(cloudAction);
  const stored = await store.manifests.find(name);
  return {
    name: stored === undefined ? name : new ModelName({ ...stored.name, scheme: name.scheme }),
    stored,
  };
}

/** The name an existing model has that differs at most in case. */
export async function findName(store: Store, name: ModelName): Promise<ModelName | undefined> {
  const parts = await store.manifests.resolve(name);
  return parts === undefined ? undefined : new ModelName({ ...parts, scheme: name.scheme });
}

/** What Ollama says while its cloud is switched off; here it always is. */
export function cloudDisabled(action: string): ApiError {
  return new ApiError("FORBIDDEN", `ollama cloud is disabled: ${action}`);
}
