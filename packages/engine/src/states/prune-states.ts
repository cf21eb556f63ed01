import { lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Files that were begun and not ended so long ago belong to a process that is gone. */
const abandonedMs = 3_600_000;
/** Nothing else in the folder is ours to remove. */
const names = { folder: /^[0-9a-f]{64}$/, file: /\.(state|part)$/ } as const;

/**
 * Removes the oldest saved sequences until all of them together fit, what a crash left half written, and
 * folders that are empty. Several processes may do so at once: what one has removed the other does not miss.
 */
export function pruneStates(
  folder: string,
  { maxBytes, now }: { readonly maxBytes: number; readonly now: () => number },
): void {
  const folders = list(folder, names.folder).map((name) => join(folder, name));
  const files = folders.flatMap((path) =>
    list(path, names.file).flatMap((name) => statusOf(join(path, name))),
  );
  files.sort((a, b) => b.modifiedMs - a.modifiedMs);
  let total = 0;
  for (const { path, bytes, modifiedMs } of files) {
    const isAbandoned = path.endsWith(".part") && now() - modifiedMs > abandonedMs;
    total += bytes;
    if (isAbandoned || total > maxBytes) attempt(() => rmSync(path, { force: true }));
  }
  for (const path of folders) {
    const [status] = statusOf(path);
    // Another process may be about to write into one that it just made.
    if (status !== undefined && now() - status.modifiedMs > abandonedMs) attempt(() => rmdirSync(path));
  }
}

/** Not empty, not ours, or another process was faster: it stays, and is looked at again the next time. */
function attempt(remove: () => void): void {
  try {
    remove();
  } catch {}
}

function list(folder: string, pattern: RegExp): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch {
    return []; // No folder, or one that is going away.
  }
}

function statusOf(
  path: string,
): readonly { readonly path: string; readonly bytes: number; readonly modifiedMs: number }[] {
  try {
    const { size, mtimeMs } = lstatSync(path);
    return [{ path, bytes: size, modifiedMs: mtimeMs }];
  } catch {
    return [];
  }
}
