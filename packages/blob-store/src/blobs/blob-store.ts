import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreContext } from "../context.ts";
import { listFolder, removeFile } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { StoreError } from "../errors.ts";
import { checkDigest } from "../layout.ts";
import type { BlobInfo, BlobStore } from "../store.ts";
import { DigestCache, hashFile } from "./digest-cache.ts";
import { adoptForeignPartial, removeForeignRecords } from "./foreign-partial.ts";
import { encodeGoJson } from "./go-json.ts";
import { importFile } from "./import-file.ts";
import { putBytes, putStream } from "./put-stream.ts";
import { stageBlob } from "./staged-blob.ts";
import { requireSpaceFor } from "./unfinished.ts";

/** Largest blob that is read into memory unless the caller asks for more: texts and configs are far smaller. */
const maxReadBytes = 16 * 1024 * 1024;

/** The content-addressed half of a store. */
export function createBlobStore(context: StoreContext): BlobStore {
  const { layout } = context;
  const digests = new DigestCache(layout.digestCacheFile);
  const size = async (digest: string): Promise<number | undefined> => {
    const path = layout.blob(digest);
    await context.namesAreNew();
    try {
      const found = await stat(path);
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined;
      throw error;
    }
  };
  const readBytes: BlobStore["readBytes"] = async (digest, options = {}) => {
    const limit = options.maxBytes ?? maxReadBytes;
    const found = await size(digest);
    if (found === undefined) throw blobNotFound(digest);
    if (found > limit) {
      throw new StoreError(
        "SIZE_MISMATCH",
        `Blob ${digest} has ${found} bytes; at most ${limit} are read at once`,
      );
    }
    return await readFile(layout.blob(digest));
  };
  const readText: BlobStore["readText"] = async (digest, options) =>
    (await readBytes(digest, options)).toString("utf8");
  return {
    path: (digest) => layout.blob(digest),
    has: async (digest) => (await size(digest)) !== undefined,
    size,
    async open(digest) {
      const path = layout.blob(digest);
      await context.namesAreNew();
      try {
        return await open(path, "r");
      } catch (error) {
        throw isErrno(error, "ENOENT") ? blobNotFound(digest) : error;
      }
    },
    async stream(digest, range) {
      if ((await size(digest)) === undefined) throw blobNotFound(digest);
      const options = range === undefined ? {} : { start: range.start, end: range.end - 1 };
      return createReadStream(layout.blob(digest), { ...options, highWaterMark: 256 * 1024 });
    },
    readBytes,
    readText,
    readJson: async (digest) => JSON.parse(await readText(digest)),
    requireSpaceFor: (blobs) => requireSpaceFor(context, blobs),
    stage: (digest, sizeBytes, options) => stageBlob(context, digest, sizeBytes, options),
    putStream: (source, options) => putStream(context, source, options),
    putBytes: (bytes) => putBytes(context, bytes),
    putText: (text) => putBytes(context, Buffer.from(text)),
    putJson: (value) => putBytes(context, Buffer.from(encodeGoJson(value))),
    async importFile(path, options) {
      await context.namesAreNew();
      return await importFile(context, digests, path, options);
    },
    async removeIfCorrupt(digest) {
      const path = layout.blob(digest);
      if ((await size(digest)) === undefined || (await hashFile(path)) === checkDigest(digest)) return false;
      return await removeFile(path);
    },
    async discardStaged(digest) {
      await adoptForeignPartial(layout, digest, Number.MAX_SAFE_INTEGER);
      await removeFile(layout.journal(digest));
      await removeFile(layout.staged(digest));
      await removeForeignRecords(layout, digest);
    },
    async list() {
      await context.namesAreNew();
      return await listBlobs(layout.blobsDir);
    },
  };
}

async function listBlobs(folder: string): Promise<readonly BlobInfo[]> {
  const blobs: BlobInfo[] = [];
  for (const name of await listFolder(folder)) {
    if (!/^sha256-[0-9a-f]{64}$/.test(name)) continue;
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) blobs.push({ digest: checkDigest(name), size: found.size });
  }
  return blobs;
}

function blobNotFound(digest: string): StoreError {
  return new StoreError("BLOB_NOT_FOUND", `Blob ${digest} is not in the store; pull the model again`, {
    details: { digest },
  });
}
