import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { listFolder, removeFile } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import type { StoreLayout } from "../layout.ts";
import type { ByteRange } from "../store.ts";
import { isBeingWritten } from "./being-written.ts";

/** The ranges that part records of an unfinished download of Ollama's call complete; undefined unless all are readable and it has ended. */
export async function readForeignRanges(
  layout: StoreLayout,
  digest: string,
  sizeBytes: number,
): Promise<{ readonly ranges: readonly ByteRange[] } | undefined> {
  const partial = layout.foreignPartial(digest);
  const prefix = `${basename(partial)}-`;
  if (await isBeingWritten(partial)) return undefined;
  const ranges: ByteRange[] = [];
  for (const name of await listFolder(dirname(partial))) {
    if (!name.startsWith(prefix)) continue;
    const range = parsePart(await readFile(join(dirname(partial), name), "utf8"), sizeBytes);
    if (range === undefined) return undefined;
    ranges.push(range);
  }
  return ranges.length === 0 ? undefined : { ranges };
}

/**
 * Takes over an unfinished download of Ollama's: `<blob>-partial` with one JSON record `<blob>-partial-<N>` per
 * part. Anything that does not look exactly so is left alone, and so is a download that is under way.
 * @returns the ranges that are there, or undefined when there is nothing to take over
 * @source ollama server/download.go blobDownloadPart
 */
export async function adoptForeignPartial(
  layout: StoreLayout,
  digest: string,
  sizeBytes: number,
): Promise<readonly ByteRange[] | undefined> {
  const found = await readForeignRanges(layout, digest, sizeBytes);
  if (found === undefined) return undefined;
  try {
    await rename(layout.foreignPartial(digest), layout.staged(digest));
  } catch (error) {
    // Moved by an earlier run that was killed before it had a journal: the records speak of that file then.
    if (isErrno(error, "ENOENT") && existsSync(layout.staged(digest))) return found.ranges;
    if (isErrno(error, "ENOENT", "EXDEV")) return undefined;
    throw error;
  }
  return found.ranges;
}

/** Removes Ollama's part records once our journal says what they said; those of a download under way stay. */
export async function removeForeignRecords(layout: StoreLayout, digest: string): Promise<void> {
  const partial = layout.foreignPartial(digest);
  const prefix = `${basename(partial)}-`;
  if (await isBeingWritten(partial)) return;
  for (const name of await listFolder(dirname(partial))) {
    if (name.startsWith(prefix)) await removeFile(join(dirname(partial), name));
  }
}

function parsePart(text: string, sizeBytes: number): ByteRange | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    if (!("Offset" in value && "Size" in value && "Completed" in value)) return undefined;
    const { Offset: offset, Size: size, Completed: completed } = value;
    if (!isCount(offset) || !isCount(size) || !isCount(completed)) return undefined;
    if (completed > size || offset + size > sizeBytes) return undefined;
    return { start: offset, end: offset + completed };
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
