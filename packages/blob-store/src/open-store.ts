import { exportModel } from "./archive/export-model.ts";
import { importArchive } from "./archive/import-archive.ts";
import { createBlobStore } from "./blobs/blob-store.ts";
import { WriterThread } from "./blobs/blob-writer.ts";
import { renameOldBlobs } from "./blobs/old-names.ts";
import type { StoreContext } from "./context.ts";
import { type DiskUsage, measureDiskUsage } from "./disk-usage.ts";
import type { Trace } from "./durable-files.ts";
import { createLayout, type StoreLayout } from "./layout.ts";
import { Leases } from "./locks/leases.ts";
import { Owner } from "./locks/owner.ts";
import { ProcessLocks } from "./locks/process-lock.ts";
import type { NameParts, StoredManifest } from "./manifests/manifest.ts";
import { createManifestStore } from "./manifests/manifest-store.ts";
import { dryRunPrune, type PruneOptions, type PrunePlan, runPrune } from "./prune.ts";
import { Reservations } from "./reservations.ts";
import { modelFile } from "./sharded-model.ts";
import type { BlobLease, BlobStore, ManifestStore } from "./store.ts";
import { createUploadNotes, type UploadNotes } from "./upload-notes.ts";
import { type VerifyOptions, type VerifyReport, verifyStore } from "./verify.ts";

export interface StoreOptions {
  /** folder that holds `blobs/` and `manifests/`; made when first written to */
  readonly modelsDir: string;
  /** told the name of each step that changes the disk; lets tests crash the process there */
  readonly trace?: Trace;
}

/** A folder of models, shared with Ollama and with any number of processes. */
export interface Store extends AsyncDisposable {
  readonly layout: StoreLayout;
  readonly blobs: BlobStore;
  readonly manifests: ManifestStore;
  /** Keeps blobs from being removed until the lease ends, or this process does. */
  lease(digests: readonly string[], signal?: AbortSignal): Promise<BlobLease>;
  /** Keeps every process from removing any blob while a model is made of some that no manifest names yet. */
  leaseAll(signal?: AbortSignal): Promise<AsyncDisposable>;
  /**
   * Keeps a blob, there or yet to come, from prunes by any process until a manifest names it, for an hour at most.
   * Outlives this process: for uploads, whose model is made by another request.
   */
  reserve(digest: string, signal?: AbortSignal): Promise<void>;
  /** What `prune` would remove. */
  planPrune(options?: PruneOptions): Promise<PrunePlan>;
  /** Removes what no model refers to and nobody uses. @throws StoreError `MANIFEST_INVALID` */
  prune(options?: PruneOptions): Promise<PrunePlan>;
  /** What the store takes on the disk. */
  diskUsage(): Promise<DiskUsage>;
  /** Compares every blob with its name, and every manifest with the blobs. */
  verify(options?: VerifyOptions): Promise<VerifyReport>;
  /** A model as a tar of the OCI image layout. @throws StoreError `MODEL_NOT_FOUND`, `BLOB_NOT_FOUND` */
  exportModel(name: NameParts): AsyncIterable<Uint8Array>;
  /** The inverse, under the name in the archive or another. @throws StoreError `ARCHIVE_INVALID`, `DIGEST_MISMATCH` */
  importArchive(source: AsyncIterable<Uint8Array>, name?: NameParts): Promise<StoredManifest>;
  /** The file an engine opens for a model; undefined for a model without weights of its own. */
  modelFile(stored: StoredManifest): Promise<string | undefined>;
  /** Where unfinished uploads stand. */
  readonly uploadNotes: UploadNotes;
  /** Steps of code outside the store that belong to a crash test. */
  trace(place: string): void;
}

/** Opens a store. Touches no file until it is asked for something. */
export function openStore(options: StoreOptions): Store {
  const layout = createLayout(options.modelsDir);
  const trace = options.trace ?? (() => {});
  const owner = new Owner(layout.ownersDir);
  const locks = new ProcessLocks(layout.locksDir, owner);
  const leases = new Leases(layout.leasesDir, owner, locks);
  const reservations = new Reservations(layout, locks);
  const writerThread = new WriterThread();
  const parts = { layout, owner, locks, leases, reservations, writerThread, trace };
  const context: StoreContext = { ...parts, namesAreNew: renameOldBlobs(parts) };
  const blobs = createBlobStore(context);
  const manifests = createManifestStore(context, blobs);
  return {
    layout,
    blobs,
    manifests,
    lease: (digests, signal) => leases.acquire(digests, signal),
    leaseAll: (signal) => leases.acquireAll(signal),
    reserve: (digest, signal) => reservations.add(digest, signal),
    planPrune: (pruneOptions) => dryRunPrune(context, manifests, pruneOptions),
    prune: (pruneOptions) => runPrune(context, manifests, pruneOptions),
    diskUsage: async () =>
      await measureDiskUsage({ layout, blobs, manifests }, await dryRunPrune(context, manifests)),
    verify: (verifyOptions) => verifyStore(context, { blobs, manifests }, verifyOptions),
    exportModel: (name) => exportModel({ blobs, manifests, leases }, name),
    async importArchive(source, name) {
      // Until the manifest names them, the blobs look unused to a prune.
      await using _lease = await leases.acquireAll();
      return await importArchive({ blobs, manifests }, source, name);
    },
    async modelFile(stored) {
      await context.namesAreNew();
      return await modelFile(context, blobs, stored);
    },
    uploadNotes: createUploadNotes(context),
    trace,
    async [Symbol.asyncDispose]() {
      await writerThread.close();
      await owner.close();
    },
  };
}
