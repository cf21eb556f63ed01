import type { StoreContext } from "../context.ts";
import { ensureFolder, moveIntoPlace, removeFile, translateDiskError } from "../durable-files.ts";
import { StoreError } from "../errors.ts";
import { checkDigest } from "../layout.ts";
import { boot } from "../locks/machine.ts";
import type { ByteRange, StagedBlob, StageOptions } from "../store.ts";
import { type BlobWriter, openInlineWriter } from "./blob-writer.ts";
import { hashFile } from "./digest-cache.ts";
import { removeForeignRecords } from "./foreign-partial.ts";
import { RangeSet } from "./range-set.ts";
import type { RangeWriterOptions } from "./range-writer.ts";
import { fileSize, findFinishedRanges, requireSpaceFor } from "./unfinished.ts";

/** Below this a blob is written on the calling thread: hashing it takes about a millisecond. */
const inlineLimitBytes = 1024 * 1024;

/** Begins or resumes the write of a blob of known digest, under a lock of its own. */
export async function stageBlob(
  context: StoreContext,
  digestText: string,
  sizeBytes: number,
  options: StageOptions = {},
): Promise<StagedBlob> {
  const { layout, trace } = context;
  const digest = checkDigest(digestText);
  await context.namesAreNew();
  const lock = await context.locks.acquire(`blob-${layout.staged(digest).slice(-64)}`, {
    signal: options.signal,
  });
  try {
    const there = (await fileSize(layout.blob(digest))) !== undefined;
    // Hashed under the lock: whoever held it before may have mended the blob.
    if (
      there &&
      (options.replaceCorrupt !== true || (await hashFile(layout.blob(digest), options)) === digest)
    )
      return finishedBlob(digest, sizeBytes, lock);
    await ensureFolder(layout.stagingDir);
    trace("stage:begin");
    await requireSpaceFor(context, [{ digest, size: sizeBytes }], { replace: there });
    const finished = await findFinishedRanges(layout, digest, sizeBytes);
    const writerOptions: RangeWriterOptions = {
      path: layout.staged(digest),
      journal: { path: layout.journal(digest), sizeBytes, boot: boot() },
      finished,
    };
    const writer =
      sizeBytes <= inlineLimitBytes
        ? openInlineWriter(writerOptions)
        : await context.writerThread.open(writerOptions);
    trace("stage:opened");
    // Only now does our journal hold what Ollama's records said.
    await removeForeignRecords(layout, digest);
    trace("stage:foreign-records-removed");
    return new OpenStagedBlob(context, writer, { digest, sizeBytes, finished, lock });
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw translateDiskError(error, digest);
  }
}

class OpenStagedBlob implements StagedBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly #context: StoreContext;
  readonly #writer: BlobWriter;
  readonly #finished: RangeSet;
  readonly #lock: AsyncDisposable;
  #hashWaiters: { readonly position: number; readonly resolve: () => void }[] = [];
  #closed = false;

  constructor(
    context: StoreContext,
    writer: BlobWriter,
    state: {
      readonly digest: string;
      readonly sizeBytes: number;
      readonly finished: readonly ByteRange[];
      readonly lock: AsyncDisposable;
    },
  ) {
    this.#context = context;
    this.#writer = writer;
    this.digest = state.digest;
    this.sizeBytes = state.sizeBytes;
    this.#finished = new RangeSet(state.finished);
    this.#lock = state.lock;
    writer.onHashed(() => this.#wakeHashWaiters());
  }

  finishedRanges(): readonly ByteRange[] {
    return [...this.#finished.ranges];
  }

  hashedBytes(): number {
    return this.#writer.hashedBytes;
  }

  async hashedTo(position: number, signal?: AbortSignal): Promise<void> {
    if (this.#writer.hashedBytes >= position) return;
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { position, resolve };
    const onAbort = () => reject(signal?.reason);
    this.#hashWaiters.push(waiter);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#hashWaiters = this.#hashWaiters.filter((other) => other !== waiter);
    }
  }

  async write(offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    const end = chunks.reduce((position, chunk) => position + chunk.byteLength, offset);
    if (end > this.sizeBytes) {
      throw new StoreError(
        "SIZE_MISMATCH",
        `Blob ${this.digest} has ${this.sizeBytes} bytes; more were offered`,
      );
    }
    this.#context.trace("stage:before-write");
    try {
      await this.#writer.write(offset, chunks);
    } catch (error) {
      throw translateDiskError(error, `blob ${this.digest}`);
    }
    this.#finished.add({ start: offset, end });
    this.#context.trace("stage:written");
  }

  async commit(): Promise<void> {
    const { layout, trace } = this.#context;
    const missing = this.#finished.missing({ start: 0, end: this.sizeBytes });
    if (missing.length > 0) {
      const bytes = missing.reduce((sum, range) => sum + range.end - range.start, 0);
      throw new StoreError(
        "SIZE_MISMATCH",
        `Blob ${this.digest} is ${bytes} bytes short; run again to resume`,
      );
    }
    trace("commit:before-finish");
    const hex = await this.#finish();
    trace("commit:synced");
    if (`sha256:${hex}` !== this.digest) {
      await this.#removeFiles();
      throw new StoreError(
        "DIGEST_MISMATCH",
        `digest mismatch, file must be downloaded again: want ${this.digest}, got sha256:${hex}`,
        { details: { want: this.digest, got: `sha256:${hex}` } },
      );
    }
    await ensureFolder(layout.blobsDir);
    await moveIntoPlace(layout.staged(this.digest), layout.blob(this.digest), trace, "commit");
    // The data file is gone, so a journal left by a crash here means nothing to the next `stage`.
    await removeFile(layout.journal(this.digest));
    trace("commit:journal-removed");
    await this.#lock[Symbol.asyncDispose]();
  }

  async discard(): Promise<void> {
    await this.#close();
    await this.#removeFiles();
    await this.#lock[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#lock[Symbol.asyncDispose]();
  }

  async #finish(): Promise<string> {
    this.#closed = true;
    try {
      return await this.#writer.finish(this.sizeBytes);
    } catch (error) {
      throw translateDiskError(error, `blob ${this.digest}`);
    }
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.close();
  }

  async #removeFiles(): Promise<void> {
    const { layout, trace } = this.#context;
    trace("discard:before-journal");
    await removeFile(layout.journal(this.digest));
    trace("discard:journal-removed");
    await removeFile(layout.staged(this.digest));
    trace("discard:data-removed");
  }

  #wakeHashWaiters(): void {
    for (const waiter of this.#hashWaiters) {
      if (this.#writer.hashedBytes >= waiter.position) waiter.resolve();
    }
  }
}

/** Stands for a blob that someone else finished while we waited for its lock. */
function finishedBlob(digest: string, sizeBytes: number, lock: AsyncDisposable): StagedBlob {
  const release = () => lock[Symbol.asyncDispose]();
  return {
    digest,
    sizeBytes,
    finishedRanges: () => [{ start: 0, end: sizeBytes }],
    hashedBytes: () => sizeBytes,
    hashedTo: async () => {},
    write: async () => {},
    commit: async () => release(),
    discard: async () => release(),
    [Symbol.asyncDispose]: async () => release(),
  };
}
