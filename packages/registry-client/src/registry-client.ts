import type { Descriptor, NameParts } from "@puna/blob-store";
import type { RegistryClientOptions, TransferOptions } from "./client-options.ts";
import { runWithEvents } from "./event-channel.ts";
import { defaultRetryPolicy } from "./http/retry.ts";
import { createUndiciTransport } from "./http/undici-transport.ts";
import type { ProgressEvent } from "./progress.ts";
import { type PullContext, pullModel } from "./pull.ts";
import { pushModel } from "./push.ts";
import { connectRegistry } from "./registry-connection.ts";
import { restoreBlobs } from "./restore.ts";
import { SharedTransfers } from "./transfer/shared-transfers.ts";
import { TransferPool } from "./transfer/transfer-pool.ts";

/** Moves models between registries and one store; transfers share connections, memory and bandwidth. */
export interface RegistryClient extends AsyncDisposable {
  /**
   * Pulls a model; ends after `success`. Leaving the loop early stops it; finished ranges are kept.
   * @throws RegistryError, StoreError
   */
  pull(name: NameParts, options?: TransferOptions): AsyncIterable<ProgressEvent>;
  /**
   * Fetches blobs of a model again that are missing or corrupt in the store; its manifest is left as it is.
   * @throws RegistryError (`NOT_FOUND` when the registry has them no more), StoreError
   */
  restore(
    name: NameParts,
    blobs: readonly Descriptor[],
    options?: TransferOptions,
  ): AsyncIterable<ProgressEvent>;
  /**
   * Pushes a model of the store under its own name.
   * @throws RegistryError (`MODEL_NOT_FOUND` when the store has no such model), StoreError
   */
  push(name: NameParts, options?: TransferOptions): AsyncIterable<ProgressEvent>;
}

/** Slow lines and far servers carry little per connection; more are opened only as long as they pay off. */
const defaultMaxConnections = 24;
/** With what lies between socket and window this stays below 64 MiB. */
const defaultWindowBytes = 56 * 1024 * 1024;

/** Opens a client. Connects to nothing until it is asked for something. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { store, proxy, certificateAuthority, stallMs, connector, resolve } = options;
  const maxConnections = options.maxConnections ?? defaultMaxConnections;
  const transport = createUndiciTransport({
    maxConnections: maxConnections * 2,
    ...(proxy === undefined ? {} : { proxy }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(stallMs === undefined ? {} : { stallMs }),
    ...(connector === undefined ? {} : { connector }),
    ...(resolve === undefined ? {} : { resolve }),
  });
  const pool = new TransferPool({
    maxConnections,
    windowBytes: options.windowBytes ?? defaultWindowBytes,
    bytesPerSecond: options.bytesPerSecond ?? Number.POSITIVE_INFINITY,
  });
  const transfers = new SharedTransfers();
  const retry = { ...defaultRetryPolicy, ...options.retry };
  const { huggingFaceHosts, keepReplacedLayers = false } = options;
  const download = async (name: NameParts, { insecure = false }: TransferOptions): Promise<PullContext> => {
    const api = await connectRegistry(name, options, { transport, insecure });
    return { store, api, pool, transfers, retry, keepReplacedLayers, huggingFaceHosts };
  };
  return {
    pull: (name, transferOptions = {}) =>
      runWithEvents<ProgressEvent>(transferOptions.signal, async (emit, signal) =>
        pullModel(name, await download(name, transferOptions), emit, signal),
      ),
    restore: (name, blobs, transferOptions = {}) =>
      runWithEvents<ProgressEvent>(transferOptions.signal, async (emit, signal) =>
        restoreBlobs(name, blobs, await download(name, transferOptions), emit, signal),
      ),
    push: (name, transferOptions = {}) =>
      runWithEvents<ProgressEvent>(transferOptions.signal, async (emit, signal) => {
        const insecure = transferOptions.insecure ?? false;
        const api = await connectRegistry(name, options, { transport, insecure });
        const partBytes = options.uploadPartBytes;
        await pushModel(name, { store, api, retry, partBytes }, emit, signal);
      }),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

/** Pulls one model with a client of its own. @see RegistryClient.pull */
export async function* pull(
  options: RegistryClientOptions & TransferOptions & { readonly name: NameParts },
): AsyncGenerator<ProgressEvent, void, undefined> {
  await using client = createRegistryClient(options);
  yield* client.pull(options.name, options);
}

/** Pushes one model with a client of its own. @see RegistryClient.push */
export async function* push(
  options: RegistryClientOptions & TransferOptions & { readonly name: NameParts },
): AsyncGenerator<ProgressEvent, void, undefined> {
  await using client = createRegistryClient(options);
  yield* client.push(options.name, options);
}
