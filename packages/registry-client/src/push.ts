import { type Descriptor, type NameParts, type Store, uniqueDescriptors } from "@puna/blob-store";
import { ModelName } from "@puna/protocol";
import { RegistryError } from "./errors.ts";
import { errorOf, type RegistryApi } from "./http/registry-api.ts";
import { backoffMs, mayPass, pause, type RetryPolicy } from "./http/retry.ts";
import { type ProgressEvent, statusEvent } from "./progress.ts";
import { uploadBlob } from "./transfer/upload-blob.ts";
import { TransferProgress } from "./transfer-progress.ts";

export interface PushContext {
  readonly store: Store;
  readonly api: RegistryApi;
  readonly retry: RetryPolicy;
  /** bytes of one request */
  readonly partBytes?: number | undefined;
}

/** Blobs first, in the manifest's order, then the manifest: a reader never sees a model with holes. */
export async function pushModel(
  name: NameParts,
  context: PushContext,
  emit: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { store, api, retry } = context;
  emit(statusEvent("retrieving manifest"));
  const stored = await store.manifests.read(name);
  if (stored === undefined) {
    emit(statusEvent("couldn't retrieve manifest"));
    throw new RegistryError(
      "MODEL_NOT_FOUND",
      `${name.model}:${name.tag} is not in the store; pull or create it first`,
    );
  }
  const blobs = uniqueDescriptors(stored.manifest);
  await using _lease = await store.lease(
    blobs.map((blob) => blob.digest),
    signal,
  );
  for (const blob of blobs) await pushBlob(blob, context, emit, signal);
  emit(statusEvent("pushing manifest"));
  const body = trimEnd(stored.bytes);
  const headers = { "content-type": stored.manifest.mediaType };
  await withRetries(retry, signal, async () => {
    const response = await api.sendOrThrow({
      method: "PUT",
      url: api.manifestUrl(name.tag),
      headers,
      body,
      signal,
    });
    await response.discard();
  });
  emit(statusEvent("success"));
}

async function pushBlob(
  blob: Descriptor,
  { store, api, retry, partBytes }: PushContext,
  emit: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const progress = new TransferProgress(emit, {
    verb: "pushing",
    digest: blob.digest,
    totalBytes: blob.size,
  });
  const isThere = await withRetries(retry, signal, async () => {
    const response = await api.send({
      method: "HEAD",
      url: api.blobUrl(blob.digest),
      signal,
      followRedirects: true,
    });
    await response.discard();
    if (response.status >= 400 && response.status !== 404) throw await errorOf(response);
    return response.status < 300;
  });
  if (!isThere) {
    await uploadBlob({
      api,
      blobs: store.blobs,
      notes: store.uploadNotes,
      partBytes,
      blob,
      mountFrom: mountSource(blob),
      retry,
      signal,
      onProgress: (completedBytes) => progress.report(completedBytes),
    });
  }
  progress.finish();
}

/** Repository that this layer came from, if it may be on the same registry. */
function mountSource(blob: Descriptor): string | undefined {
  if (blob.from === undefined || blob.from === "") return undefined;
  const source = ModelName.parse(blob.from);
  return source.isValid() ? source.namespaceModel : undefined;
}

/** Runs an action again while its errors may pass. */
async function withRetries<T>(retry: RetryPolicy, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error) || attempt >= retry.attempts) throw error;
      await pause(backoffMs(attempt, retry), signal);
    }
  }
}

/** Created manifests end with a line feed in the store and without one on the wire, as Ollama does it. */
function trimEnd(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}
