export type { DiskUsage, ModelUsage } from "./disk-usage.ts";
export { StoreError, type StoreErrorCode } from "./errors.ts";
export { type Identity, openIdentity } from "./identity.ts";
export type { StoreLayout } from "./layout.ts";
export type { Descriptor, Manifest, NameParts, StoredManifest } from "./manifests/manifest.ts";
export { mediaTypes } from "./manifests/media-types.ts";
export type { ModelConfig } from "./manifests/model-config.ts";
export { maxManifestBytes, parseManifest, uniqueDescriptors } from "./manifests/parse-manifest.ts";
export { openStore, type Store, type StoreOptions } from "./open-store.ts";
export type { PruneOptions, PrunePlan, UnusedFile } from "./prune.ts";
export { findModelFiles } from "./sharded-model.ts";
export type {
  BlobInfo,
  BlobLease,
  BlobStore,
  ByteRange,
  ImportOptions,
  ManifestStore,
  PutOptions,
  StagedBlob,
  StageOptions,
} from "./store.ts";
export type { UploadNotes } from "./upload-notes.ts";
export type { DamagedBlob, VerifyOptions, VerifyReport } from "./verify.ts";
