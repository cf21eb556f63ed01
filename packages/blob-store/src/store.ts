import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Manifest, NameParts, StoredManifest } from "./manifests/manifest.ts";

/** A finished blob: what a manifest needs to refer to it. */
export interface BlobInfo {
  /** `sha256:<64 hex>` */
  readonly digest: string;
  /** bytes */
  readonly size: number;
}

export interface ByteRange {
  readonly start: number;
  /** one past the last byte */
  readonly end: number;
}

/**
 * A blob on its way in. Bytes may come in any order; they are hashed as they come, off the calling thread.
 * What was written survives a crash and is found again by the next `stage` of the same digest.
 * Leaving the scope without `commit` keeps the finished ranges; `discard` throws them away.
 */
export interface StagedBlob extends AsyncDisposable {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Ranges that are already on disk, in order, apart from each other. */
  finishedRanges(): readonly ByteRange[];
  /** First byte not yet hashed: everything before it is finished. */
  hashedBytes(): number;
  /** Resolves when `hashedBytes()` is at least `position`: what lay in memory before it is free again. */
  hashedTo(position: number, signal?: AbortSignal): Promise<void>;
  /**
   * Takes neighbouring chunks (which must not be used afterwards) to `offset`. Resolves when they are written.
   * Bytes of finished ranges are left as they are.
   * @throws StoreError `OUT_OF_SPACE`
   */
  write(offset: number, chunks: readonly Uint8Array[]): Promise<void>;
  /**
   * Ends the write: all bytes there, digest right, on disk for good, and under its final name.
   * @throws StoreError `SIZE_MISMATCH`, `DIGEST_MISMATCH` (the staged bytes are then removed)
   */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

export interface StageOptions {
  readonly signal?: AbortSignal | undefined;
  readonly replaceCorrupt?: boolean;
}

export interface PutOptions {
  /** refuse the bytes when they have another digest */
  readonly expectedDigest?: string;
  readonly signal?: AbortSignal | undefined;
  /** refuse more bytes than this */
  readonly maxBytes?: number;
}

export interface ImportOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (completedBytes: number, totalBytes: number) => void;
  /** known digest of the file; it is checked while reading */
  readonly expectedDigest?: string;
}

/** Content-addressed files. Every digest is checked before it becomes a path. */
export interface BlobStore {
  /** @throws StoreError `INVALID_DIGEST` */
  path(digest: string): string;
  has(digest: string): Promise<boolean>;
  /** Bytes, or undefined when it is not there. */
  size(digest: string): Promise<number | undefined>;
  /** @throws StoreError `BLOB_NOT_FOUND` */
  open(digest: string): Promise<FileHandle>;
  /** Streams the blob or a part of it. */
  stream(digest: string, range?: ByteRange): Promise<Readable>;
  /** The whole blob in memory; for small ones. @throws StoreError `BLOB_NOT_FOUND`, or `SIZE_MISMATCH` above `maxBytes` (default 16 MiB) */
  readBytes(digest: string, options?: { readonly maxBytes?: number }): Promise<Buffer>;
  readText(digest: string, options?: { readonly maxBytes?: number }): Promise<string>;
  readJson(digest: string): Promise<unknown>;
  /** Checks that what is missing of these blobs fits on the disk. @throws StoreError `OUT_OF_SPACE` */
  requireSpaceFor(blobs: readonly BlobInfo[]): Promise<void>;
  /**
   * Begins or resumes a write of known digest and size. One process at a time; others wait.
   * @param options.replaceCorrupt  a blob that is there is hashed, and if it is not what its name says, it stays
   *   until `commit` puts the right one in its place
   */
  stage(digest: string, sizeBytes: number, options?: StageOptions): Promise<StagedBlob>;
  /** Keeps a stream, whatever its digest turns out to be. @throws StoreError `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `OUT_OF_SPACE` */
  putStream(source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<BlobInfo>;
  putBytes(bytes: Uint8Array): Promise<BlobInfo>;
  putText(text: string): Promise<BlobInfo>;
  /** As Go's encoder writes it: compact, `<>&` escaped, a newline at the end. Keys keep their order. */
  putJson(value: unknown): Promise<BlobInfo>;
  /** Takes a file in by reflink, else hard link, else copy. @throws StoreError `SOURCE_REFUSED` for what is no plain file */
  importFile(path: string, options?: ImportOptions): Promise<BlobInfo>;
  /** Hashes a blob, and removes it if it is not what its name says. @returns whether it was removed */
  removeIfCorrupt(digest: string): Promise<boolean>;
  /** Removes the bytes of an unfinished `stage`, ours or Ollama's. */
  discardStaged(digest: string): Promise<void>;
  /** Digests and sizes of all finished blobs. */
  list(): Promise<readonly BlobInfo[]>;
}

/** Named manifests. Names are checked before they become paths. */
export interface ManifestStore {
  /** The manifest of exactly this name (case as given), or undefined. @throws StoreError `INVALID_NAME`, `MANIFEST_INVALID` */
  read(name: NameParts): Promise<StoredManifest | undefined>;
  /** Maps a name to the casing of an existing model, if there is one that differs only in case. */
  resolve(name: NameParts): Promise<NameParts | undefined>;
  /** The manifest of a name, or of the one that differs only in case. @throws StoreError as `read` */
  find(name: NameParts): Promise<StoredManifest | undefined>;
  /**
   * Puts a manifest under a name, last of all writes: every blob it names must be there.
   * A `Uint8Array` is kept byte for byte; an object is encoded as Ollama encodes it.
   * @throws StoreError `BLOB_NOT_FOUND`, `MANIFEST_INVALID`, `INVALID_NAME`
   */
  write(name: NameParts, manifest: Manifest | Uint8Array): Promise<StoredManifest>;
  /** @throws StoreError `MODEL_NOT_FOUND` */
  copy(source: NameParts, destination: NameParts): Promise<StoredManifest>;
  /**
   * Removes a name, its empty folders, and the layers nobody else uses (not those in use, not with `keepLayers`).
   * @throws StoreError `MODEL_NOT_FOUND`
   */
  delete(
    name: NameParts,
    options?: { readonly keepLayers?: boolean },
  ): Promise<{ readonly removed: readonly BlobInfo[] }>;
  /** Removes those of `digests` that no manifest names and nobody uses. @returns what was removed */
  removeUnused(digests: readonly string[]): Promise<readonly BlobInfo[]>;
  /** All readable manifests, newest first; unreadable ones are reported to `onInvalid` and skipped. */
  list(options?: {
    readonly onInvalid?: (path: string, error: unknown) => void;
  }): Promise<readonly StoredManifest[]>;
}

/** Keeps blobs from being pruned while something uses them: a loaded model, an unfinished pull. Ends with the process. */
export interface BlobLease extends AsyncDisposable {
  readonly digests: readonly string[];
}
