/** A reference from a manifest to a blob. Unknown keys are kept, so that a copy loses nothing. */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:<64 hex>` */
  readonly digest: string;
  /** bytes */
  readonly size: number;
  /** short name of the model this layer was taken from; lets a push mount it instead of sending it */
  readonly from?: string;
  /** tensor or file name (safetensors models, sharded sets) */
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Image manifest, schema 2: what a model is made of. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Names a model; `ModelName` of `@puna/protocol` is one. */
export interface NameParts {
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

/** A manifest as it lies in the store. */
export interface StoredManifest {
  readonly name: NameParts;
  readonly manifest: Manifest;
  /** hex sha256 of the manifest file, without a `sha256:` prefix, as `/api/tags` shows it */
  readonly digest: string;
  /** bytes of all layers and the config together */
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** the file, byte for byte */
  readonly bytes: Uint8Array;
}
