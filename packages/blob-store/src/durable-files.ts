import { constants } from "node:fs";
import { copyFile, mkdir, open, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { isErrno } from "./errno.ts";
import { StoreError } from "./errors.ts";

/** Told the name of each step that changes the disk; tests crash the process there. */
export type Trace = (place: string) => void;

/** Turns "the disk is full" into an error with a code; everything else passes. */
export function translateDiskError(error: unknown, what: string): unknown {
  if (!isErrno(error, "ENOSPC", "EDQUOT", "EFBIG")) return error;
  return new StoreError(
    "OUT_OF_SPACE",
    `No space left on the disk while writing ${what}; free some and run again to resume`,
    {
      cause: error,
    },
  );
}

/** Makes a rename or unlink in `folder` outlast a power cut. Windows cannot open folders, and needs no such call. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isErrno(error, "EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "ENOENT")) throw error;
  }
}

/** Creates folders; the parents of new ones are synced, so that they are there after a power cut. */
export async function ensureFolder(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const first = await mkdir(folder, { recursive: true });
      if (first !== undefined) await syncFolder(dirname(first));
      return;
    } catch (error) {
      // Someone else removed an empty parent in between.
      if (!isErrno(error, "ENOENT") || attempt >= 100) throw error;
    }
  }
}

/** Gives a complete, synced file its final name. Works across file systems, by copying beside the target first. */
export async function moveIntoPlace(
  source: string,
  target: string,
  trace: Trace,
  label: string,
): Promise<void> {
  trace(`${label}:before-rename`);
  try {
    await rename(source, target);
  } catch (error) {
    if (!isErrno(error, "EXDEV")) throw error;
    const beside = `${target}.tmp`;
    await copyFile(source, beside, constants.COPYFILE_FICLONE);
    await syncFile(beside);
    await rename(beside, target);
    await unlink(source);
  }
  trace(`${label}:renamed`);
  await syncFolder(dirname(target));
  trace(`${label}:folder-synced`);
}

/** Writes a small file so that it is there whole or not at all: staged beside, synced, renamed. */
export async function writeDurable(
  target: string,
  bytes: Uint8Array,
  options: { readonly staging: string; readonly trace: Trace; readonly label: string },
): Promise<void> {
  const { staging, trace, label } = options;
  trace(`${label}:before-write`);
  const handle = await open(staging, "w", 0o644);
  trace(`${label}:opened`);
  try {
    await handle.writeFile(bytes);
    trace(`${label}:written`);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(staging, { force: true });
    throw translateDiskError(error, target);
  }
  await handle.close();
  trace(`${label}:synced`);
  await moveIntoPlace(staging, target, trace, label);
}

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes a file; false when it was not there. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

/** Removes `folder` and its parents as far as they are empty, stopping below `root`. */
export async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (
    let current = folder;
    current.length > root.length && current.startsWith(root);
    current = dirname(current)
  ) {
    try {
      await rmdir(current);
    } catch (error) {
      if (isErrno(error, "ENOTEMPTY", "EEXIST", "ENOTDIR", "EPERM", "EACCES")) return;
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }
}

/** Entries of a folder; none when it is not there. */
export async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
