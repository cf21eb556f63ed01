import {
  type Descriptor,
  type Manifest,
  type NameParts,
  type Store,
  StoreError,
  uniqueDescriptors,
} from "@puna/blob-store";
import { RegistryError } from "./errors.ts";
import { fetchManifest } from "./fetch-manifest.ts";
import { errorOf, type RegistryApi } from "./http/registry-api.ts";
import type { RetryPolicy } from "./http/retry.ts";
import { adviseOnAccess, findShards, isShardRefusal, shardedManifest } from "./hugging-face.ts";
import { type ProgressEvent, statusEvent } from "./progress.ts";
import { downloadBlob } from "./transfer/download-blob.ts";
import type { SharedTransfers } from "./transfer/shared-transfers.ts";
import type { TransferPool } from "./transfer/transfer-pool.ts";
import { TransferProgress } from "./transfer-progress.ts";

export interface PullContext {
  readonly store: Store;
  readonly api: RegistryApi;
  readonly pool: TransferPool;
  readonly transfers: SharedTransfers;
  readonly retry: RetryPolicy;
  readonly keepReplacedLayers: boolean;
  readonly huggingFaceHosts?: readonly string[] | undefined;
}

/** Above this many blobs several are fetched at once; below, one after the other in the manifest's order. */
const serialBlobs = 16;
const parallelBlobs = 8;

/** Plan, transfer, commit: the manifest is written last, when every blob it names is there and verified. */
export async function pullModel(
  name: NameParts,
  context: PullContext,
  emit: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { store } = context;
  emit(statusEvent("pulling manifest"));
  const { manifest, bytes, urls, config } = await findModel(name, context, signal);
  const blobs = planBlobs(manifest);
  store.trace("pull:manifest-fetched");
  await using _lease = await store.lease(
    blobs.map((blob) => blob.digest),
    signal,
  );
  store.trace("pull:leased");
  // A prune may have taken it before the lease began.
  if (config !== undefined) await store.blobs.putJson(config);
  await store.blobs.requireSpaceFor(blobs);
  const mismatch = await pullBlobs(blobs, { ...context, urls }, emit, signal);
  emit(statusEvent("verifying sha256 digest"));
  if (mismatch !== undefined) throw mismatch;
  store.trace("pull:blobs-there");
  emit(statusEvent("writing manifest"));
  const replaced = await readReplaced(store, name);
  await store.manifests.write(name, bytes);
  store.trace("pull:manifest-written");
  await removeReplaced(replaced, manifest, context, emit);
  emit(statusEvent("success"));
}

interface FoundModel {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
  /** blobs that lie elsewhere than among the registry's blobs */
  readonly urls: ReadonlyMap<string, URL>;
  /** one that no registry has, since it was made here */
  readonly config?: unknown;
}

type BlobContext = PullContext & { readonly urls: ReadonlyMap<string, URL> };

/** The registry's manifest, or for sharded models of Hugging Face one made from the repository's files. */
async function findModel(name: NameParts, context: PullContext, signal: AbortSignal): Promise<FoundModel> {
  const { api, store, retry, huggingFaceHosts } = context;
  try {
    return { ...(await fetchManifest(api, name.tag, { retry, signal })), urls: new Map() };
  } catch (error) {
    if (!isShardRefusal(error, name.host, huggingFaceHosts))
      throw adviseOnAccess(error, name.host, huggingFaceHosts);
    const shards = await findShards(api, name, signal).catch((refusal: unknown) => {
      throw adviseOnAccess(refusal, name.host, huggingFaceHosts);
    });
    const config = {
      model_format: "gguf",
      model_family: "",
      model_families: null,
      model_type: "",
      file_type: name.tag === "latest" ? "" : name.tag.toUpperCase(),
      architecture: "amd64",
      os: "linux",
    };
    const manifest = shardedManifest(shards, await store.blobs.putJson(config));
    return { manifest, bytes: Buffer.from(`${JSON.stringify(manifest)}\n`), urls: shards.urls, config };
  }
}

/** Every blob once. @throws RegistryError `MANIFEST_INVALID` when one digest is given two sizes */
function planBlobs(manifest: Manifest): readonly Descriptor[] {
  const blobs = uniqueDescriptors(manifest);
  const sizes = new Map(blobs.map((blob) => [blob.digest, blob.size]));
  for (const { digest, size } of [...manifest.layers, manifest.config]) {
    if (sizes.get(digest) === size) continue;
    throw new RegistryError(
      "MANIFEST_INVALID",
      `The manifest cannot be used: it gives blob ${digest} two sizes`,
    );
  }
  return blobs;
}

/** @returns the first digest mismatch: the other blobs are fetched all the same, so that a new try has less to do */
async function pullBlobs(
  blobs: readonly Descriptor[],
  context: BlobContext,
  emit: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<StoreError | undefined> {
  const queue = [...blobs];
  let mismatch: StoreError | undefined;
  const work = async () => {
    for (let blob = queue.shift(); blob !== undefined; blob = queue.shift()) {
      try {
        await pullBlob(blob, context, emit, signal);
      } catch (error) {
        if (!StoreError.is(error) || error.code !== "DIGEST_MISMATCH") throw error;
        mismatch ??= error;
      }
    }
  };
  const workers = blobs.length > serialBlobs ? parallelBlobs : 1;
  await Promise.all(Array.from({ length: workers }, work));
  return mismatch;
}

async function pullBlob(
  blob: Descriptor,
  context: BlobContext,
  emit: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const progress = new TransferProgress(emit, {
    verb: "pulling",
    digest: blob.digest,
    totalBytes: blob.size,
  });
  if (!(await isThere(blob, context.store))) {
    // What one registry refuses another may have: its pull waits for the blob's lock and then goes on by itself.
    await context.transfers.join(
      context.api.blobUrl(blob.digest).origin + blob.digest,
      (report, stop) => transferBlob(blob, context, { report, signal: stop }),
      { onProgress: (completedBytes) => progress.report(completedBytes), signal },
    );
  }
  progress.finish();
}

/** A blob of another size is damaged, or the manifest is wrong; hashing it tells which. */
async function isThere(blob: Descriptor, store: Store): Promise<boolean> {
  const size = await store.blobs.size(blob.digest);
  if (size === undefined || size === blob.size) return size !== undefined;
  if (await store.blobs.removeIfCorrupt(blob.digest)) return false;
  throw new RegistryError(
    "SIZE_MISMATCH",
    `The manifest says that blob ${blob.digest} has ${blob.size} bytes, but it has ${size}; the model must be pushed again`,
  );
}

/** Fetches one blob into the store. */
export async function transferBlob(
  blob: Descriptor,
  { store, api, pool, retry, urls }: BlobContext,
  options: {
    readonly report: (completedBytes: number) => void;
    readonly signal: AbortSignal;
    readonly replaceCorrupt?: boolean;
  },
): Promise<void> {
  const { report, signal, replaceCorrupt = false } = options;
  const url = urls.get(blob.digest);
  if (url === undefined) await checkRemoteSize(blob, api, signal);
  await using staged = await store.blobs.stage(blob.digest, blob.size, { signal, replaceCorrupt });
  using share = pool.join();
  await downloadBlob({ api, staged, url, share, retry, signal, onProgress: report });
  await staged.commit();
}

/**
 * Asked first, as Ollama does: a wrong length, or a blob that is not there, shows before the first byte. Only a clear
 * answer counts: not every server knows this method, and one in trouble may be well again.
 */
async function checkRemoteSize(blob: Descriptor, api: RegistryApi, signal: AbortSignal): Promise<void> {
  const response = await api
    .send({ method: "HEAD", url: api.blobUrl(blob.digest), signal })
    .catch((error: unknown) => {
      signal.throwIfAborted();
      if (RegistryError.is(error) && (error.code === "UNREACHABLE" || error.code === "STALLED"))
        return undefined;
      throw error;
    });
  if (response !== undefined && isClearRefusal(response.status)) throw await errorOf(response);
  await response?.discard();
  const length = response?.headers["content-length"];
  if (response?.status !== 200 || length === undefined || Number(length) === blob.size) return;
  throw new RegistryError(
    "SIZE_MISMATCH",
    `The registry has ${length} bytes for blob ${blob.digest}, but its manifest says ${blob.size}; the model must be pushed again`,
  );
}

function isClearRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![405, 408, 429].includes(status);
}

async function readReplaced(store: Store, name: NameParts): Promise<Manifest | undefined> {
  try {
    return (await store.manifests.read(name))?.manifest;
  } catch (error) {
    // A broken manifest is replaced like any other; what it named is left to prune.
    if (StoreError.is(error) && error.code === "MANIFEST_INVALID") return undefined;
    throw error;
  }
}

async function removeReplaced(
  replaced: Manifest | undefined,
  manifest: Manifest,
  { store, keepReplacedLayers }: PullContext,
  emit: (event: ProgressEvent) => void,
): Promise<void> {
  if (replaced === undefined || keepReplacedLayers) return;
  const kept = new Set(uniqueDescriptors(manifest).map((blob) => blob.digest));
  const candidates = uniqueDescriptors(replaced).filter((blob) => !kept.has(blob.digest));
  if (candidates.length === 0) return;
  emit(statusEvent("removing unused layers"));
  await store.manifests.removeUnused(candidates.map((blob) => blob.digest));
}
