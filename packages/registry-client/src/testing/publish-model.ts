import { createHash } from "node:crypto";
import { type Descriptor, type Manifest, mediaTypes } from "@puna/blob-store";
import type { LoopbackRegistry } from "./loopback-registry.ts";

export interface PublishedModel {
  readonly manifest: Manifest;
  readonly manifestBytes: Buffer;
  /** digest of the weights */
  readonly digest: string;
}

/** Puts a model of the given weights into a loopback registry. */
export function publishModel(
  registry: Pick<LoopbackRegistry, "blobs" | "manifests">,
  weights: Uint8Array,
  options: { readonly repository?: string; readonly tag?: string; readonly template?: string } = {},
): PublishedModel {
  const { repository = "library/m", tag = "latest", template = "{{ .Prompt }}" } = options;
  const add = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    registry.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.byteLength };
  };
  const model = add(mediaTypes.model, weights);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: add(mediaTypes.config, Buffer.from('{"model_format":"gguf","model_family":"llama"}')),
    layers: [model, add(mediaTypes.template, Buffer.from(template))],
  };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  registry.manifests.set(`${repository}:${tag}`, { bytes: manifestBytes, mediaType: mediaTypes.manifest });
  return { manifest, manifestBytes, digest: model.digest };
}
