import type { StoredManifest } from "@puna/blob-store";
import { type ListedModel, ModelName } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";

/** All models of the store, newest first. One that cannot be read is left out and logged. */
export async function listModels({ store, catalog, logger }: Dependencies): Promise<ListedModel[]> {
  const manifests = await store.manifests.list({
    onInvalid: (path, error) => logger.warn("manifest left out of the list", { path, error: String(error) }),
  });
  const listed = await Promise.all(
    manifests.map(async (stored) => {
      try {
        return await toListedModel(stored, catalog);
      } catch (error) {
        const name = new ModelName(stored.name).toString();
        logger.warn("model left out of the list", { model: name, error: String(error) });
        return undefined;
      }
    }),
  );
  await catalog.keepFacts();
  return listed.filter((model) => model !== undefined);
}

async function toListedModel(stored: StoredManifest, catalog: Dependencies["catalog"]): Promise<ListedModel> {
  const facts = await catalog.facts(stored);
  const name = new ModelName(stored.name).toShortString();
  return {
    name,
    model: name,
    ...(facts.remoteModel !== undefined && { remote_model: facts.remoteModel }),
    ...(facts.remoteHost !== undefined && { remote_host: facts.remoteHost }),
    modified_at: stored.modifiedAt.toISOString(),
    size: stored.sizeBytes,
    digest: stored.digest,
    details: {
      ...facts.details,
      ...(facts.contextLength !== undefined && { context_length: facts.contextLength }),
      ...(facts.embeddingLength !== undefined && { embedding_length: facts.embeddingLength }),
    },
    ...(facts.capabilities.length > 0 && { capabilities: facts.capabilities }),
  };
}
