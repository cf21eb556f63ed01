export { StoreError, type StoreErrorCode } from "./errors.ts";
export type { Descriptor, Manifest, NameParts, StoredManifest } from "./manifests/manifest.ts";
export { mediaTypes } from "./manifests/media-types.ts";
export type { ModelConfig } from "./manifests/model-config.ts";
export type {
  BlobInfo,
  BlobLease,
  BlobStore,
  ByteRange,
  ImportOptions,
  ManifestStore,
  PutOptions,
  StagedBlob,
} from "./store.ts";
