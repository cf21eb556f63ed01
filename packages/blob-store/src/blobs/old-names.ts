import { rename, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { StoreContext } from "../context.ts";
import { listFolder, removeFile, syncFolder } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { hashFile } from "./digest-cache.ts";

const oldName = /^sha256:[0-9a-f]{64}(?:-partial(?:-\d+)?)?$/;

/**
 * Gives files that versions of Ollama from before 2024 named `sha256:<hex>` the name of today, once for each open
 * store. Each rename is one step, so a crash leaves every file under one of its two names.
 * @source ollama server/fixblobs.go
 */
export function renameOldBlobs(context: Omit<StoreContext, "namesAreNew">): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= renameAll(context).catch((error: unknown) => {
      // A fault that passes must not stay with the store for good.
      done = undefined;
      throw error;
    });
    return done;
  };
}

async function renameAll({ layout, locks, trace }: Parameters<typeof renameOldBlobs>[0]): Promise<void> {
  const { blobsDir } = layout;
  if (renamable(await listFolder(blobsDir)).length === 0) return;
  try {
    // A lock of its own: this is waited for by code that holds the store's.
    await locks.with("old-names", async () => {
      for (const name of renamable(await listFolder(blobsDir))) {
        const [from, to] = [join(blobsDir, name), join(blobsDir, name.replace(":", "-"))];
        trace("old-names:before-rename");
        await renameOrDrop(from, to);
        trace("old-names:renamed");
      }
      await syncFolder(blobsDir);
    });
  } catch (error) {
    // Where nothing may be written, the old names stay; other files can be read all the same.
    if (!isErrno(error, "EACCES", "EPERM", "EROFS")) throw error;
  }
}

/** What is under both names is one file too many: the one that is what its name says stays. */
async function renameOrDrop(from: string, to: string): Promise<void> {
  const [old, current] = await Promise.all([from, to].map((path) => stat(path).catch(() => undefined)));
  if (old === undefined) return;
  if (current === undefined) return await rename(from, to);
  const digest = `sha256:${basename(to).slice(-64)}`;
  if ((await hashFile(to)) === digest) await removeFile(from);
  else if ((await hashFile(from)) === digest) await rename(from, to);
  // Neither is right: `verify` says so of the one, and prune takes the other.
}

/** Unfinished downloads in an order in which a crash loses none: records before the data that they speak of. */
function renamable(names: readonly string[]): readonly string[] {
  const there = new Set(names);
  const dataOf = (name: string) => name.replace(/-\d+$/, "");
  // Records of one file must not come to lie beside the data of another.
  const isClear = (name: string) =>
    !name.includes("-partial") || (there.has(dataOf(name)) && !there.has(dataOf(name).replace(":", "-")));
  return names
    .filter((name) => oldName.test(name) && isClear(name))
    .sort((left, right) => right.length - left.length);
}
