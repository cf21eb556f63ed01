import { dirname, join } from "node:path";
import { encodeGoJson } from "../blobs/go-json.ts";
import type { StoreContext } from "../context.ts";
import { ensureFolder, removeEmptyFolders, removeFile, syncFolder, writeDurable } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { StoreError } from "../errors.ts";
import { everyBlob, storeLock } from "../locks/leases.ts";
import { sweepShards } from "../sharded-model.ts";
import type { BlobInfo, BlobStore, ManifestStore } from "../store.ts";
import type { Manifest, NameParts, StoredManifest } from "./manifest.ts";
import { parseManifest, uniqueDescriptors } from "./parse-manifest.ts";
import { digestsOf, ManifestReader } from "./read-manifests.ts";

/** The named half of a store. Whatever changes it runs under the store's lock. */
export function createManifestStore(context: StoreContext, blobs: BlobStore): ManifestStore {
  const { layout, locks, trace } = context;
  const reader = new ManifestReader(layout);

  const namedAlike = (name: NameParts): NameParts | undefined => {
    const wanted = caseless(name);
    return reader.names().find((candidate) => caseless(candidate) === wanted);
  };
  const resolve = (name: NameParts): NameParts | undefined =>
    reader.read(name) === undefined ? namedAlike(name) : name;
  const find = (name: NameParts): StoredManifest | undefined => {
    const exact = reader.read(name);
    if (exact !== undefined) return exact;
    const other = namedAlike(name);
    return other && reader.read(other);
  };

  const place = async (name: NameParts, bytes: Uint8Array): Promise<StoredManifest> => {
    const target = layout.manifest(name);
    await ensureFolder(layout.incomingDir);
    const staging = join(layout.incomingDir, await context.owner.nextName());
    for (;;) {
      await ensureFolder(dirname(target));
      trace("manifest:folders-made");
      try {
        await writeDurable(target, bytes, { staging, trace, label: "manifest" });
        break;
      } catch (error) {
        // Ollama removes empty folders, and does not know our lock.
        if (!isErrno(error, "ENOENT")) throw error;
      }
    }
    const stored = reader.read(name);
    if (stored === undefined) throw modelNotFound(name);
    return stored;
  };

  const requireBlobs = async (manifest: Manifest): Promise<void> => {
    for (const { digest } of uniqueDescriptors(manifest)) {
      if (await blobs.has(digest)) continue;
      throw new StoreError(
        "BLOB_NOT_FOUND",
        `The manifest needs blob ${digest}, which is not in the store; nothing was changed`,
        {
          details: { digest },
        },
      );
    }
  };

  return {
    read: async (name) => reader.read(name),
    resolve: async (name) => resolve(name),
    find: async (name) => find(name),
    async write(name, manifest) {
      const bytes = manifest instanceof Uint8Array ? manifest : Buffer.from(encodeGoJson(manifest));
      const checked = parseManifest(bytes);
      layout.manifest(name);
      return await locks.with(storeLock, async () => {
        await requireBlobs(checked);
        const stored = await place(name, bytes);
        await context.reservations.end(digestsOf(checked));
        return stored;
      });
    },
    async copy(source, destination) {
      layout.manifest(destination);
      return await locks.with(storeLock, async () => {
        const stored = reader.read(source);
        if (stored === undefined) throw modelNotFound(source);
        trace("copy:read");
        return await place(destination, stored.bytes);
      });
    },
    async delete(name, options = {}) {
      return await locks.with(storeLock, async () => {
        const path = layout.manifest(name);
        const stored = readOrUndefined(reader, name);
        trace("delete:before-manifest");
        if (!(await removeFile(path))) throw modelNotFound(name);
        trace("delete:manifest-removed");
        await syncFolder(dirname(path));
        trace("delete:folder-synced");
        await removeEmptyFolders(dirname(path), layout.manifestsDir);
        trace("delete:folders-removed");
        if (stored === undefined || options.keepLayers === true) return { removed: [] };
        await sweepShards(context, new Set(liveDigests(reader)));
        return { removed: await removeUnused(context, blobs, reader, digestsOf(stored.manifest)) };
      });
    },
    removeUnused: (digests) => locks.with(storeLock, () => removeUnused(context, blobs, reader, digests)),
    async list(options = {}) {
      const found: StoredManifest[] = [];
      for (const name of reader.names()) {
        try {
          const stored = reader.read(name);
          if (stored !== undefined) found.push(stored);
        } catch (error) {
          options.onInvalid?.(layout.manifest(name), error);
        }
      }
      return found.sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
    },
  };
}

/**
 * Removes those of `digests` that no manifest names and nobody uses. Call it under the store's lock.
 * When any manifest cannot be read, nothing is removed: it might name them.
 */
async function removeUnused(
  context: StoreContext,
  blobs: BlobStore,
  reader: ManifestReader,
  digests: readonly string[],
): Promise<readonly BlobInfo[]> {
  const used = new Set(await context.leases.inUse());
  // What a model being made elsewhere needs nobody knows yet; a later prune takes what is left.
  if (used.has(everyBlob)) return [];
  try {
    for (const name of reader.names()) {
      const stored = reader.read(name);
      for (const digest of stored === undefined ? [] : digestsOf(stored.manifest)) used.add(digest);
    }
  } catch (error) {
    if (StoreError.is(error)) return [];
    throw error;
  }
  const removed: BlobInfo[] = [];
  for (const digest of digests) {
    const size = used.has(digest) ? undefined : await blobs.size(digest);
    if (size === undefined) continue;
    context.trace("unused:before-blob");
    await removeFile(context.layout.blob(digest));
    context.trace("unused:blob-removed");
    removed.push({ digest, size });
  }
  return removed;
}

/** A broken manifest can still be deleted. */
function readOrUndefined(reader: ManifestReader, name: NameParts): StoredManifest | undefined {
  try {
    return reader.read(name);
  } catch (error) {
    if (StoreError.is(error) && error.code === "MANIFEST_INVALID") return undefined;
    throw error;
  }
}

/** Digests of all manifests that can be read. */
function liveDigests(reader: ManifestReader): readonly string[] {
  return reader.names().flatMap((name) => readOrUndefined(reader, name)?.digest ?? []);
}

function caseless({ host, namespace, model, tag }: NameParts): string {
  return `${host}/${namespace}/${model}:${tag}`.toLowerCase();
}

function modelNotFound({ model, tag }: NameParts): StoreError {
  return new StoreError("MODEL_NOT_FOUND", `Model ${model}:${tag} is not in the store`);
}
