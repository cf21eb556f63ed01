import { constants } from "node:fs";
import { chmod, copyFile, link, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreContext } from "../context.ts";
import { ensureFolder, moveIntoPlace, syncFile, translateDiskError } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { StoreError } from "../errors.ts";
import type { BlobInfo, ImportOptions } from "../store.ts";
import type { DigestCache } from "./digest-cache.ts";

/**
 * Takes a file in without a second copy where the file system can: a reflink, else a hard link, else a copy.
 * The file is hashed once; its digest is remembered for as long as the file does not change.
 * @throws StoreError `SOURCE_REFUSED` for anything but a plain file (a device would never end),
 *   `DIGEST_MISMATCH` when it is not the expected one or changes meanwhile
 */
export async function importFile(
  context: StoreContext,
  digests: DigestCache,
  path: string,
  options: ImportOptions = {},
): Promise<BlobInfo> {
  const { layout, trace } = context;
  const before = await stat(path).catch(() => undefined);
  // One text for "missing" and "not a file": whoever may ask this need not learn what exists.
  if (before === undefined || !before.isFile()) {
    throw new StoreError("SOURCE_REFUSED", `${path} is not a readable plain file; name a GGUF file`);
  }
  const digest = await digests.ofFile(path, options);
  if (options.expectedDigest !== undefined && options.expectedDigest !== digest) {
    throw new StoreError(
      "DIGEST_MISMATCH",
      `${path} has digest ${digest}; ${options.expectedDigest} was expected`,
    );
  }
  const info = { digest, size: before.size };
  const target = layout.blob(digest);
  if (await isFile(target)) return info;
  await ensureFolder(layout.incomingDir);
  await ensureFolder(layout.blobsDir);
  const staging = join(layout.incomingDir, await context.owner.nextName());
  try {
    trace("import:before-copy");
    const isLink = await cloneOrCopy(path, staging);
    trace("import:copied");
    const after = await stat(path);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new StoreError("DIGEST_MISMATCH", `${path} changed while it was read; import it again`);
    }
    // A hard link shares its permissions with the user's file: leave those alone.
    if (!isLink) await chmod(staging, 0o644);
    await syncFile(staging).catch((error: unknown) => {
      if (!isErrno(error, "EACCES", "EPERM", "EROFS")) throw error;
    });
    await moveIntoPlace(staging, target, trace, "import");
  } catch (error) {
    throw translateDiskError(error, target);
  } finally {
    await rm(staging, { force: true });
  }
  return info;
}

async function cloneOrCopy(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE);
    return false;
  } catch {
    // This file system has no reflinks; which error says so differs between systems. A real fault shows below.
    await rm(target, { force: true });
  }
  try {
    await link(source, target);
    return true;
  } catch (error) {
    if (!isErrno(error, "EXDEV", "EPERM", "EMLINK", "ENOTSUP", "ENOSYS", "EACCES")) throw error;
  }
  await copyFile(source, target);
  return false;
}

async function isFile(path: string): Promise<boolean> {
  try {
    const handle = await open(path, "r");
    await handle.close();
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
