import { StoreError } from "../errors.ts";
import type { Leases } from "../locks/leases.ts";
import type { NameParts } from "../manifests/manifest.ts";
import { mediaTypes } from "../manifests/media-types.ts";
import { uniqueDescriptors } from "../manifests/parse-manifest.ts";
import type { BlobStore, ManifestStore } from "../store.ts";
import { tarEnd, tarHeader, tarPadding } from "./tar-writer.ts";

/** Annotation in which tools keep the tag, and the one in which containerd keeps the whole name. */
const refNameAnnotation = "org.opencontainers.image.ref.name";
export const imageNameAnnotation = "io.containerd.image.name";

/**
 * A model as a tar of the OCI image layout, byte for byte: manifest and layers keep their digests.
 * @throws StoreError `MODEL_NOT_FOUND`, `BLOB_NOT_FOUND`
 * @source OCI image-spec, image-layout.md
 */
export async function* exportModel(
  stores: { readonly blobs: BlobStore; readonly manifests: ManifestStore; readonly leases: Leases },
  name: NameParts,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stored = await stores.manifests.read(name);
  if (stored === undefined)
    throw new StoreError("MODEL_NOT_FOUND", `Model ${name.model}:${name.tag} is not in the store`);
  const digests = uniqueDescriptors(stored.manifest).map(({ digest }) => digest);
  // A delete meanwhile takes the name only.
  await using _lease = await stores.leases.acquire(digests);
  const blobs = await Promise.all(
    digests.map(async (digest) => ({ digest, size: await sizeOf(stores.blobs, digest) })),
  );
  const { modifiedAt } = stored;
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [
      {
        mediaType: stored.manifest.mediaType,
        digest: `sha256:${stored.digest}`,
        size: stored.bytes.byteLength,
        annotations: {
          [refNameAnnotation]: name.tag,
          [imageNameAnnotation]: `${name.host}/${name.namespace}/${name.model}:${name.tag}`,
        },
      },
    ],
  };
  const small: readonly (readonly [string, Uint8Array])[] = [
    ["oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
    ["index.json", Buffer.from(JSON.stringify(index))],
    [`blobs/sha256/${stored.digest}`, stored.bytes],
  ];
  for (const [path, bytes] of small) {
    yield tarHeader(path, bytes.byteLength, modifiedAt);
    yield bytes;
    yield tarPadding(bytes.byteLength);
  }
  for (const { digest, size } of blobs) {
    yield tarHeader(`blobs/sha256/${digest.slice("sha256:".length)}`, size, modifiedAt);
    yield* await stores.blobs.stream(digest);
    yield tarPadding(size);
  }
  yield tarEnd;
}

async function sizeOf(blobs: BlobStore, digest: string): Promise<number> {
  const size = await blobs.size(digest);
  if (size !== undefined) return size;
  throw new StoreError("BLOB_NOT_FOUND", `Blob ${digest} is not in the store; pull the model again`, {
    details: { digest },
  });
}
