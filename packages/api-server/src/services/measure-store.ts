import { ModelName, type StoreUsage } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";

/** What the store holds and what each model adds to it: shared layers count once. */
export async function measureStore({ store }: Dependencies): Promise<StoreUsage> {
  const [manifests, blobs, plan] = await Promise.all([
    store.manifests.list(),
    store.blobs.list(),
    store.planPrune({ minAgeMs: 0 }),
  ]);
  const users = new Map<string, number>();
  for (const { manifest } of manifests) {
    for (const digest of new Set([manifest.config, ...manifest.layers].map((layer) => layer.digest))) {
      users.set(digest, (users.get(digest) ?? 0) + 1);
    }
  }
  return {
    total: blobs.reduce((sum, { size }) => sum + size, 0),
    blobs: blobs.length,
    reclaimable: plan.freedBytes,
    models: manifests.map(({ name, sizeBytes, manifest }) => ({
      name: new ModelName(name).toShortString(),
      size: sizeBytes,
      unique: [manifest.config, ...manifest.layers]
        .filter(({ digest }) => users.get(digest) === 1)
        .reduce((sum, { size }) => sum + size, 0),
    })),
  };
}
