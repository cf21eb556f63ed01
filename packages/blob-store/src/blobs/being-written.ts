import { readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../errno.ts";

/** A download that nobody has written to for so long is given up by its program. */
const quietMs = 5 * 60_000;

/**
 * Whether another program may be writing a file: it changed lately, and is open somewhere. Where the system does
 * not tell what is open, a file that changed lately counts as written.
 */
export async function isBeingWritten(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  });
  if (found === undefined || found.mtimeMs < Date.now() - quietMs) return false;
  const processes = await readdir("/proc").catch((): string[] => []);
  const ids = processes.filter((name) => /^\d+$/.test(name));
  if (ids.length === 0) return true;
  for (const id of ids) {
    if (await mayHaveOpen(join("/proc", id), { path, owner: found.uid })) return true;
  }
  return false;
}

async function mayHaveOpen(
  process: string,
  file: { readonly path: string; readonly owner: number },
): Promise<boolean> {
  const folder = join(process, "fd");
  try {
    for (const descriptor of await readdir(folder)) {
      const target = await readlink(join(folder, descriptor)).catch(() => "");
      if (target === file.path) return true;
    }
    return false;
  } catch (error) {
    if (!isErrno(error, "EACCES", "EPERM")) return false;
    // What another user's program has open is hidden; the user whose file it is may be the one that writes.
    return (await stat(process).catch(() => undefined))?.uid === file.owner;
  }
}
