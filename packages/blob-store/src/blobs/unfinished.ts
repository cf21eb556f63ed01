import { stat, statfs } from "node:fs/promises";
import type { StoreContext } from "../context.ts";
import { ensureFolder } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { StoreError } from "../errors.ts";
import type { StoreLayout } from "../layout.ts";
import { boot } from "../locks/machine.ts";
import type { BlobInfo, ByteRange } from "../store.ts";
import { adoptForeignPartial, readForeignRanges } from "./foreign-partial.ts";
import { readJournal } from "./journal.ts";
import { RangeSet } from "./range-set.ts";

/** Ranges that an earlier run left: by our journal, or taken over from Ollama. */
export async function findFinishedRanges(
  layout: StoreLayout,
  digest: string,
  sizeBytes: number,
): Promise<readonly ByteRange[]> {
  const ranges =
    (await readOwnRanges(layout, digest, sizeBytes)) ??
    (await adoptForeignPartial(layout, digest, sizeBytes)) ??
    [];
  const available = (await fileSize(layout.staged(digest))) ?? 0;
  return ranges.filter((range) => range.end <= available);
}

/**
 * Checks that what is missing of some blobs fits on the disk, together and before the first byte of any.
 * @throws StoreError `OUT_OF_SPACE`
 */
export async function requireSpaceFor(
  { layout, namesAreNew }: StoreContext,
  blobs: readonly BlobInfo[],
  options: { readonly replace?: boolean } = {},
): Promise<void> {
  await namesAreNew();
  let neededBytes = 0;
  for (const { digest, size } of blobs) {
    if (options.replace !== true && (await fileSize(layout.blob(digest))) !== undefined) continue;
    const ranges =
      (await readOwnRanges(layout, digest, size)) ??
      (await readForeignRanges(layout, digest, size))?.ranges ??
      [];
    neededBytes += size - new RangeSet(ranges).totalBytes;
  }
  await ensureFolder(layout.stagingDir);
  const { bavail, bsize } = await statfs(layout.stagingDir);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new StoreError(
    "OUT_OF_SPACE",
    `${neededBytes} bytes are needed in ${layout.modelsDir}, but only ${freeBytes} are free; nothing was fetched`,
    { details: { neededBytes, freeBytes } },
  );
}

/** Size of a plain file in bytes, or undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** A journal without its file means nothing: the file has become a blob, or never came to be. */
async function readOwnRanges(
  layout: StoreLayout,
  digest: string,
  sizeBytes: number,
): Promise<readonly ByteRange[] | undefined> {
  if ((await fileSize(layout.staged(digest))) === undefined) return undefined;
  return readJournal(layout.journal(digest), sizeBytes, boot())?.ranges;
}
