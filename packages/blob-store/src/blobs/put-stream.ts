import { createHash } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreContext } from "../context.ts";
import { ensureFolder, moveIntoPlace, translateDiskError, writeDurable } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { StoreError } from "../errors.ts";
import { checkDigest } from "../layout.ts";
import type { BlobInfo, PutOptions } from "../store.ts";

const batchBytes = 1024 * 1024;

/** Keeps a stream of unknown length; it gets its name only when it is whole and on disk. */
export async function putStream(
  context: StoreContext,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions = {},
): Promise<BlobInfo> {
  const { layout, trace } = context;
  const expected = options.expectedDigest === undefined ? undefined : checkDigest(options.expectedDigest);
  await context.namesAreNew();
  await ensureFolder(layout.incomingDir);
  const staging = join(layout.incomingDir, await context.owner.nextName());
  trace("put:begin");
  const writer = await context.writerThread.open({ path: staging, finished: [] });
  try {
    const size = await pour(source, options, (offset, chunks) => writer.write(offset, chunks));
    trace("put:written");
    const digest = `sha256:${await writer.finish(size)}`;
    trace("put:synced");
    if (expected !== undefined && digest !== expected) {
      throw new StoreError("DIGEST_MISMATCH", `digest mismatch, expected "${expected}", got "${digest}"`, {
        details: { want: expected, got: digest },
      });
    }
    await placeIfAbsent(context, staging, digest);
    return { digest, size };
  } catch (error) {
    await writer.close().catch(() => {});
    throw translateDiskError(error, staging);
  } finally {
    await rm(staging, { force: true });
  }
}

/** Keeps a few bytes. */
export async function putBytes(context: StoreContext, bytes: Uint8Array): Promise<BlobInfo> {
  const { layout, trace } = context;
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const info = { digest, size: bytes.byteLength };
  await context.namesAreNew();
  if (await exists(layout.blob(digest))) return info;
  await ensureFolder(layout.incomingDir);
  await ensureFolder(layout.blobsDir);
  const staging = join(layout.incomingDir, await context.owner.nextName());
  await writeDurable(layout.blob(digest), bytes, { staging, trace, label: "put-bytes" });
  return info;
}

async function pour(
  source: AsyncIterable<Uint8Array>,
  options: PutOptions,
  write: (offset: number, chunks: readonly Uint8Array[]) => Promise<void>,
): Promise<number> {
  const maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
  let written = 0;
  let received = 0;
  // Copied into buffers of our own: the writer takes buffers over, and the caller's are the caller's.
  let batch = Buffer.allocUnsafeSlow(batchBytes);
  let filled = 0;
  let previous: Promise<void> = Promise.resolve();
  const flush = async () => {
    const current = write(written, [batch.subarray(0, filled)]);
    current.catch(() => {});
    written += filled;
    [batch, filled] = [Buffer.allocUnsafeSlow(batchBytes), 0];
    // At most two batches are on their way, so memory stays bounded while reading and writing overlap.
    await previous;
    previous = current;
  };
  for await (const chunk of source) {
    options.signal?.throwIfAborted();
    received += chunk.byteLength;
    if (received > maxBytes) {
      throw new StoreError(
        "SIZE_MISMATCH",
        `More than the allowed ${maxBytes} bytes were sent; nothing was kept`,
      );
    }
    for (let taken = 0; taken < chunk.byteLength; ) {
      const piece = chunk.subarray(taken, taken + batchBytes - filled);
      batch.set(piece, filled);
      filled += piece.byteLength;
      taken += piece.byteLength;
      if (filled === batchBytes) await flush();
    }
  }
  if (filled > 0) await flush();
  await previous;
  return written;
}

async function placeIfAbsent(context: StoreContext, staging: string, digest: string): Promise<void> {
  const target = context.layout.blob(digest);
  if (await exists(target)) return;
  await ensureFolder(context.layout.blobsDir);
  await moveIntoPlace(staging, target, context.trace, "put");
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
