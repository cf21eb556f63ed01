import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ModelName } from "@puna/protocol";
import { isErrno } from "../errno.ts";
import type { StoreLayout } from "../layout.ts";
import type { Manifest, NameParts, StoredManifest } from "./manifest.ts";
import { parseManifest, uniqueDescriptors } from "./parse-manifest.ts";

interface Cached {
  readonly key: string;
  readonly stored: StoredManifest;
}

/**
 * Reads manifests, and remembers what has not changed by size, times and inode.
 * Synchronous on purpose: for hundreds of files of a kilobyte, each hop through the thread pool costs more than
 * the call itself.
 */
export class ManifestReader {
  readonly #layout: StoreLayout;
  readonly #cache = new Map<string, Cached>();

  constructor(layout: StoreLayout) {
    this.#layout = layout;
  }

  /** @throws StoreError `INVALID_NAME`, `MANIFEST_INVALID` */
  read(name: NameParts): StoredManifest | undefined {
    const path = this.#layout.manifest(name);
    try {
      const { size, mtimeMs, mtime, ctimeMs, ino } = statSync(path);
      const key = `${size}:${mtimeMs}:${ctimeMs}:${ino}`;
      const cached = this.#cache.get(path);
      if (cached?.key === key) return cached.stored;
      const bytes = readFileSync(path);
      const manifest = parseManifest(bytes);
      const { host, namespace, model, tag } = name;
      const stored: StoredManifest = {
        name: { host, namespace, model, tag },
        manifest,
        digest: createHash("sha256").update(bytes).digest("hex"),
        sizeBytes: totalSize(manifest),
        modifiedAt: mtime,
        bytes,
      };
      this.#cache.set(path, { key, stored });
      return stored;
    } catch (error) {
      if (!isErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) throw error;
      this.#cache.delete(path);
      return undefined;
    }
  }

  /** Names of all manifest files; hidden and badly named ones are left out. */
  names(): readonly NameParts[] {
    const names: NameParts[] = [];
    const root = this.#layout.manifestsDir;
    for (const host of folders(root)) {
      for (const namespace of folders(join(root, host))) {
        for (const model of folders(join(root, host, namespace))) {
          for (const entry of entries(join(root, host, namespace, model))) {
            const name = new ModelName({ host, namespace, model, tag: entry.name });
            if ((entry.isFile() || entry.isSymbolicLink()) && name.isValid()) names.push(name);
          }
        }
      }
    }
    return names;
  }
}

/** As Ollama counts it: every layer and the config, repeated digests repeatedly. */
function totalSize(manifest: Manifest): number {
  return manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size);
}

/** Digests that a manifest keeps alive. */
export function digestsOf(manifest: Manifest): readonly string[] {
  return uniqueDescriptors(manifest).map((descriptor) => descriptor.digest);
}

function folders(path: string): readonly string[] {
  return entries(path)
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => entry.name);
}

function entries(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => !entry.name.startsWith("."));
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
