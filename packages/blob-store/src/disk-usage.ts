import { statfs } from "node:fs/promises";
import { isErrno } from "./errno.ts";
import type { StoreLayout } from "./layout.ts";
import type { NameParts } from "./manifests/manifest.ts";
import { uniqueDescriptors } from "./manifests/parse-manifest.ts";
import type { PrunePlan } from "./prune.ts";
import type { BlobStore, ManifestStore } from "./store.ts";

export interface ModelUsage {
  readonly name: NameParts;
  /** bytes of all its blobs */
  readonly totalBytes: number;
  /** bytes that deleting it would free */
  readonly ownBytes: number;
}

export interface DiskUsage {
  /** largest first */
  readonly models: readonly ModelUsage[];
  /** bytes of all finished blobs */
  readonly blobBytes: number;
  /** bytes that no model needs: unused blobs and unfinished transfers */
  readonly unusedBytes: number;
  readonly freeBytes: number;
}

/** What the store takes, and what of it for which model. */
export async function measureDiskUsage(
  {
    layout,
    blobs,
    manifests,
  }: { readonly layout: StoreLayout; readonly blobs: BlobStore; readonly manifests: ManifestStore },
  unused: PrunePlan,
): Promise<DiskUsage> {
  const stored = await manifests.list();
  const uses = new Map<string, number>();
  for (const { manifest } of stored) {
    for (const { digest } of uniqueDescriptors(manifest)) uses.set(digest, (uses.get(digest) ?? 0) + 1);
  }
  const sizes = new Map((await blobs.list()).map((blob) => [blob.digest, blob.size]));
  const models = stored.map(({ name, manifest }) => {
    const digests = uniqueDescriptors(manifest).map((descriptor) => descriptor.digest);
    const bytesOf = (list: readonly string[]) =>
      list.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
    return {
      name,
      totalBytes: bytesOf(digests),
      ownBytes: bytesOf(digests.filter((digest) => uses.get(digest) === 1)),
    };
  });
  return {
    models: models.sort((a, b) => b.totalBytes - a.totalBytes),
    blobBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    unusedBytes: unused.freedBytes + unused.kept.reduce((sum, file) => sum + file.sizeBytes, 0),
    freeBytes: await freeBytes(layout.modelsDir),
  };
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return 0;
    throw error;
  }
}
