import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoreContext } from "./context.ts";
import { ensureFolder, removeFile } from "./durable-files.ts";
import { isErrno } from "./errno.ts";

/** Where unfinished uploads stand, kept for the next process. Lost notes cost an upload its beginning, no more. */
export interface UploadNotes {
  /** What a process that ended left under a key; undefined as well while the one that wrote it still runs. */
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
}

export function createUploadNotes({ layout, owner }: StoreContext): UploadNotes {
  const folder = layout.uploadsDir;
  const fileOf = (key: string) => join(folder, createHash("sha256").update(key).digest("hex"));
  return {
    async read(key) {
      const note = await readNote(fileOf(key));
      return note === undefined || (await owner.isAlive(note.writer)) ? undefined : note.text;
    },
    async write(key, text) {
      const writer = await owner.nextName();
      try {
        await ensureFolder(folder);
        const staging = join(folder, `${writer}.new`);
        // Upload addresses can hold what lets their holder write: nobody else may read them.
        await writeFile(staging, JSON.stringify({ writer, text }), { mode: 0o600 });
        await rename(staging, fileOf(key));
      } catch (error) {
        // A store that may only be read, or has no room: the upload goes on without a note.
        if (!isErrno(error, "EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT")) throw error;
      }
    },
    async remove(key) {
      await removeFile(fileOf(key)).catch((error: unknown) => {
        if (!isErrno(error, "EACCES", "EPERM", "EROFS")) throw error;
      });
    },
  };
}

async function readNote(
  path: string,
): Promise<{ readonly writer: string; readonly text: string } | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value !== "object" || value === null || !("writer" in value && "text" in value))
      return undefined;
    const { writer, text } = value;
    return typeof writer === "string" && typeof text === "string" ? { writer, text } : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT", "EACCES") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
