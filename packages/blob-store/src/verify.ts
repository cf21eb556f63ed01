import { fileKey, hashFile } from "./blobs/digest-cache.ts";
import type { StoreContext } from "./context.ts";
import { removeFile } from "./durable-files.ts";
import { storeLock } from "./locks/leases.ts";
import type { NameParts } from "./manifests/manifest.ts";
import { uniqueDescriptors } from "./manifests/parse-manifest.ts";
import type { BlobInfo, BlobStore, ManifestStore } from "./store.ts";

/** A blob that is not as it should be, and the models that suffer from it. */
export interface DamagedBlob {
  readonly digest: string;
  readonly models: readonly NameParts[];
}

export interface VerifyReport {
  readonly checkedBlobs: number;
  readonly checkedBytes: number;
  /** the bytes do not have the digest of the name */
  readonly corrupt: readonly DamagedBlob[];
  /** a manifest names it, but it is not there */
  readonly missing: readonly DamagedBlob[];
  /** sound, but no manifest names it; `prune` removes it */
  readonly orphaned: readonly BlobInfo[];
  readonly unreadableManifests: readonly { readonly path: string; readonly reason: string }[];
  /** models to pull again */
  readonly damagedModels: readonly NameParts[];
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (checkedBytes: number, totalBytes: number) => void;
  /**
   * remove corrupt blobs, so that pulling `damagedModels` mends the store; to keep them until there is something
   * better, `stage` their digests with `replaceCorrupt` instead
   */
  readonly repair?: boolean;
}

/** Reads every blob and compares it with its name: the store's fsck. Writes nothing unless asked to repair. */
export async function verifyStore(
  context: StoreContext,
  { blobs, manifests }: { readonly blobs: BlobStore; readonly manifests: ManifestStore },
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const unreadableManifests: { path: string; reason: string }[] = [];
  const stored = await manifests.list({
    onInvalid: (path, error) => {
      unreadableManifests.push({ path, reason: error instanceof Error ? error.message : String(error) });
    },
  });
  const users = new Map<string, NameParts[]>();
  for (const { name, manifest } of stored) {
    for (const { digest } of uniqueDescriptors(manifest))
      users.set(digest, [...(users.get(digest) ?? []), name]);
  }
  const present = await blobs.list();
  const totalBytes = present.reduce((sum, blob) => sum + blob.size, 0);
  const corrupt: (DamagedBlob & { readonly key: string })[] = [];
  const orphaned: BlobInfo[] = [];
  let checkedBytes = 0;
  for (const blob of present) {
    options.signal?.throwIfAborted();
    const models = users.get(blob.digest);
    const path = blobs.path(blob.digest);
    const key = await fileKey(path).catch(() => undefined);
    // Removed since the list was made, by a prune or a delete that goes on beside this.
    if (key === undefined) continue;
    const actual = await hashFile(path, options.signal === undefined ? {} : { signal: options.signal });
    if (actual !== blob.digest) corrupt.push({ digest: blob.digest, models: models ?? [], key });
    else if (models === undefined) orphaned.push(blob);
    checkedBytes += blob.size;
    options.onProgress?.(checkedBytes, totalBytes);
  }
  const there = new Set(present.map((blob) => blob.digest));
  const missing = [...users]
    .filter(([digest]) => !there.has(digest))
    .map(([digest, models]) => ({ digest, models }));
  if (options.repair === true) await removeCorrupt(context, blobs, corrupt);
  const damagedModels = [...new Set([...corrupt, ...missing].flatMap((blob) => blob.models))];
  return {
    checkedBlobs: present.length,
    checkedBytes,
    corrupt: corrupt.map(({ digest, models }) => ({ digest, models })),
    missing,
    orphaned,
    unreadableManifests,
    damagedModels,
  };
}

async function removeCorrupt(
  context: StoreContext,
  blobs: BlobStore,
  corrupt: readonly { readonly digest: string; readonly key: string }[],
): Promise<void> {
  await context.locks.with(storeLock, async () => {
    for (const { digest, key } of corrupt) {
      // Another process may have put the right bytes there since they were read.
      if ((await fileKey(blobs.path(digest)).catch(() => undefined)) !== key) continue;
      context.trace("repair:before-remove");
      await removeFile(blobs.path(digest));
      context.trace("repair:removed");
    }
  });
}
