import { StoreError } from "../errors.ts";
import type { Descriptor, Manifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";

/** No manifest of a real model comes near: 16 384 tensors with names take 4 MB. Guards memory against a hostile registry. */
export const maxManifestBytes = 8 * 1024 * 1024;
const maxLayers = 65_536;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads a manifest that came from outside. Digests must be canonical, since they become paths and URLs.
 * @throws StoreError `MANIFEST_INVALID`, which says what is wrong: an index, an empty object, a bad digest …
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.byteLength > maxManifestBytes)
    throw invalid(`it has ${bytes.byteLength} bytes; at most ${maxManifestBytes} are read`);
  const value = parseJson(bytes);
  if (!isObject(value)) throw invalid("it is no JSON object");
  if (Array.isArray(value["manifests"])) {
    throw invalid("it is an index of several manifests; name one of them by a tag of its own");
  }
  if (value["schemaVersion"] !== 2) throw invalid("its schemaVersion is not 2");
  const mediaType = value["mediaType"] ?? mediaTypes.manifest;
  if (typeof mediaType !== "string") throw invalid("its mediaType is no text");
  const layers = value["layers"];
  if (!Array.isArray(layers) || layers.length > maxLayers) throw invalid("it has no usable list of layers");
  checkDescriptor(value["config"], "config");
  layers.forEach((layer: unknown, index) => {
    checkDescriptor(layer, `layers[${index}]`);
  });
  // Checked just now, part by part; unknown keys stay, so that a copy loses nothing.
  return { ...value, mediaType } as unknown as Manifest;
}

/** Config and layers, each digest once, in the order in which Ollama fetches them: layers, then the config. */
export function uniqueDescriptors(manifest: Manifest): readonly Descriptor[] {
  const unique = new Map<string, Descriptor>();
  for (const descriptor of [...manifest.layers, manifest.config]) {
    if (!unique.has(descriptor.digest)) unique.set(descriptor.digest, descriptor);
  }
  return [...unique.values()];
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid("it is no JSON", error);
  }
}

function checkDescriptor(value: unknown, where: string): asserts value is Descriptor {
  if (!isObject(value)) throw invalid(`${where} is missing`);
  const { digest, size, mediaType } = value;
  if (typeof digest !== "string" || !digestPattern.test(digest))
    throw invalid(`${where} has no valid sha256 digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`${where} has no valid size`);
  if (typeof mediaType !== "string") throw invalid(`${where} has no media type`);
  for (const key of ["from", "name"]) {
    if (value[key] !== undefined && typeof value[key] !== "string")
      throw invalid(`${where}.${key} is no text`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(what: string, cause?: unknown): StoreError {
  return new StoreError("MANIFEST_INVALID", `The manifest cannot be used: ${what}`, { cause });
}
