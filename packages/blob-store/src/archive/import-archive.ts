import { createHash } from "node:crypto";
import { ModelName } from "@puna/protocol";
import { StoreError } from "../errors.ts";
import type { NameParts, StoredManifest } from "../manifests/manifest.ts";
import { maxManifestBytes } from "../manifests/parse-manifest.ts";
import type { BlobStore, ManifestStore } from "../store.ts";
import { imageNameAnnotation } from "./export-model.ts";
import { readTar, type TarEntry } from "./tar-reader.ts";

/**
 * Takes in a tar of the OCI image layout, such as `export` writes: blobs first, each checked against its name, the
 * manifest last.
 * @param name  under which the model is kept; default: the name in the archive
 * @throws StoreError `ARCHIVE_INVALID`, `DIGEST_MISMATCH`, `MANIFEST_INVALID`, `BLOB_NOT_FOUND`
 */
export async function importArchive(
  stores: { readonly blobs: BlobStore; readonly manifests: ManifestStore },
  source: AsyncIterable<Uint8Array>,
  name?: NameParts,
): Promise<StoredManifest> {
  let index: unknown;
  const small = new Map<string, Buffer>();
  for await (const entry of readTar(source)) {
    const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(entry.name)?.[1];
    if (entry.name === "index.json") index = parseJson(await readSmall(entry));
    else if (hex !== undefined) await keepBlob(stores.blobs, small, entry, `sha256:${hex}`);
  }
  const { digest, annotatedName } = readIndex(index);
  const bytes = small.get(digest);
  if (bytes === undefined) throw invalid("the manifest that its index names is missing");
  const target = name ?? annotatedName;
  if (target === undefined) throw invalid("it names no model; give the model a name");
  return await stores.manifests.write(target, bytes);
}

/** Small blobs may be manifests, so they are held as well as kept. */
async function keepBlob(
  blobs: BlobStore,
  small: Map<string, Buffer>,
  entry: TarEntry,
  digest: string,
): Promise<void> {
  if (entry.sizeBytes > maxManifestBytes) {
    await blobs.putStream(entry.content(), { expectedDigest: digest, maxBytes: entry.sizeBytes });
    return;
  }
  const bytes = await readSmall(entry);
  if (`sha256:${createHash("sha256").update(bytes).digest("hex")}` !== digest) {
    throw new StoreError(
      "DIGEST_MISMATCH",
      `The archive holds other bytes than ${digest} says; export it again`,
    );
  }
  if (looksLikeManifest(bytes)) small.set(digest, bytes);
  else await blobs.putBytes(bytes);
}

function looksLikeManifest(bytes: Buffer): boolean {
  return bytes.includes('"schemaVersion"') && bytes.includes('"layers"');
}

async function readSmall(entry: TarEntry): Promise<Buffer> {
  if (entry.sizeBytes > maxManifestBytes) throw invalid(`${entry.name} is too long`);
  const parts: Buffer[] = [];
  for await (const chunk of entry.content()) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

function readIndex(index: unknown): {
  readonly digest: string;
  readonly annotatedName: NameParts | undefined;
} {
  const manifests =
    typeof index === "object" && index !== null && "manifests" in index ? index.manifests : undefined;
  if (!Array.isArray(manifests) || manifests.length !== 1)
    throw invalid("its index does not name exactly one manifest");
  const entry: unknown = manifests[0];
  if (
    typeof entry !== "object" ||
    entry === null ||
    !("digest" in entry) ||
    typeof entry.digest !== "string"
  ) {
    throw invalid("its index has no digest");
  }
  const annotations =
    "annotations" in entry && typeof entry.annotations === "object" ? entry.annotations : null;
  const text =
    annotations !== null && imageNameAnnotation in annotations
      ? String(annotations[imageNameAnnotation])
      : "";
  const parsed = ModelName.parse(text);
  return { digest: entry.digest, annotatedName: parsed.isValid() ? parsed : undefined };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new StoreError("ARCHIVE_INVALID", "The archive cannot be imported: its index is no JSON", {
      cause: error,
    });
  }
}

function invalid(what: string): StoreError {
  return new StoreError("ARCHIVE_INVALID", `The archive cannot be imported: ${what}`);
}
