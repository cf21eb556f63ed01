import { StoreError } from "../errors.ts";
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
  stores: { readonly blobs: BlobStore; readonly manifests: ManifestStore },
  name: NameParts,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stored = await stores.manifests.read(name);
  if (stored === undefined)
    throw new StoreError("MODEL_NOT_FOUND", `Model ${name.model}:${name.tag} is not in the store`);
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
  for (const { digest } of uniqueDescriptors(stored.manifest)) {
    const size = await stores.blobs.size(digest);
    if (size === undefined) {
      throw new StoreError("BLOB_NOT_FOUND", `Blob ${digest} is not in the store; pull the model again`, {
        details: { digest },
      });
    }
    yield tarHeader(`blobs/sha256/${digest.slice("sha256:".length)}`, size, modifiedAt);
    yield* await stores.blobs.stream(digest);
    yield tarPadding(size);
  }
  yield tarEnd;
}
