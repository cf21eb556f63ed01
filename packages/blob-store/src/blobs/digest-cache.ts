import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ensureFolder } from "../durable-files.ts";
import { StoreError } from "../errors.ts";

interface Known {
  readonly key: string;
  readonly digest: string;
}

const maxEntries = 4096;
/** A file changed within this time of its reading could change again without a new time stamp. */
const settleMs = 2000;

/** Remembers digests of files by path, size, times and inode, so that a file that did not change is read once. */
export class DigestCache {
  readonly #file: string;
  #entries: Map<string, Known> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** sha256 of a file, `sha256:<hex>`. @throws StoreError `DIGEST_MISMATCH` when it changes while being read */
  async ofFile(
    path: string,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: (completedBytes: number, totalBytes: number) => void;
    } = {},
  ): Promise<string> {
    const entries = await this.#load();
    const key = await fileKey(path);
    const known = entries.get(path);
    if (known?.key === key) return known.digest;
    const startedMs = Date.now();
    const digest = await hashFile(path, options);
    const after = await stat(path);
    if ((await fileKey(path)) !== key) {
      throw new StoreError("DIGEST_MISMATCH", `${path} changed while it was read; try again`);
    }
    if (after.mtimeMs < startedMs - settleMs) {
      entries.delete(path);
      entries.set(path, { key, digest });
      await this.#save(entries);
    }
    return digest;
  }

  async #load(): Promise<Map<string, Known>> {
    if (this.#entries === undefined) {
      this.#entries = new Map();
      const text = await readFile(this.#file, "utf8").catch(() => "[]");
      for (const [path, known] of parseEntries(text)) this.#entries.set(path, known);
    }
    return this.#entries;
  }

  /** Lost or torn, it costs a reading; so it is not synced. */
  async #save(entries: Map<string, Known>): Promise<void> {
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
    await ensureFolder(dirname(this.#file));
    const staging = `${this.#file}.${randomUUID()}`;
    try {
      await writeFile(staging, JSON.stringify([...entries]));
      await rename(staging, this.#file);
    } catch (error) {
      await rm(staging, { force: true });
      throw error;
    }
  }
}

/** Changes when a file is written to or replaced. */
export async function fileKey(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
  return [dev, ino, size, mtimeMs, ctimeMs].join(":");
}

/** sha256 of a file as it is now, `sha256:<hex>`. */
export async function hashFile(
  path: string,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (completedBytes: number, totalBytes: number) => void;
  } = {},
): Promise<string> {
  const totalBytes = (await stat(path)).size;
  const hash = createHash("sha256");
  let completed = 0;
  const source = createReadStream(path, {
    highWaterMark: 1024 * 1024,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  for await (const chunk of source) {
    hash.update(chunk);
    completed += chunk.length;
    options.onProgress?.(completed, totalBytes);
  }
  return `sha256:${hash.digest("hex")}`;
}

function parseEntries(text: string): readonly [string, Known][] {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return [];
    return value.filter(isEntry);
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is [string, Known] {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string") return false;
  const known: unknown = value[1];
  if (typeof known !== "object" || known === null) return false;
  return (
    "key" in known &&
    typeof known.key === "string" &&
    "digest" in known &&
    /^sha256:[0-9a-f]{64}$/.test(String(known.digest))
  );
}
