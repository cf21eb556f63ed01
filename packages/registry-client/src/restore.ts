import type { Descriptor, NameParts } from "@puna/blob-store";
import { RegistryError } from "./errors.ts";
import { findShards, hasShards } from "./hugging-face.ts";
import type { ProgressEvent } from "./progress.ts";
import { type PullContext, transferBlob } from "./pull.ts";
import { TransferProgress } from "./transfer-progress.ts";

/**
 * Fetches blobs of a model that are missing or corrupt in the store. Its manifest stays as it is, whatever the
 * registry has under the name by now; a corrupt blob stays until the right one takes its place.
 */
export async function restoreBlobs(
  name: NameParts,
  blobs: readonly Descriptor[],
  context: PullContext,
  emit: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { store, transfers } = context;
  await using _lease = await store.lease(
    blobs.map(({ digest }) => digest),
    signal,
  );
  const urls = await findUrls(name, blobs, context, signal);
  for (const blob of blobs) {
    const progress = new TransferProgress(emit, {
      verb: "pulling",
      digest: blob.digest,
      totalBytes: blob.size,
    });
    await transfers.join(
      `restore ${blob.digest}`,
      (report, stop) =>
        transferBlob(blob, { ...context, urls }, { report, signal: stop, replaceCorrupt: true }),
      { onProgress: (completedBytes) => progress.report(completedBytes), signal },
    );
    progress.finish();
  }
}

async function findUrls(
  name: NameParts,
  blobs: readonly Descriptor[],
  { api, huggingFaceHosts }: PullContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, URL>> {
  if (!hasShards(blobs, name.host, huggingFaceHosts)) return new Map();
  try {
    return (await findShards(api, name, signal)).urls;
  } catch (error) {
    // The set is gone or another by now; its parts may still be among the registry's blobs.
    if (RegistryError.is(error) && error.code === "NOT_FOUND") return new Map();
    throw error;
  }
}
