import {
  type Descriptor,
  type ModelConfig,
  mediaTypes,
  type Store,
  type StoredManifest,
  StoreError,
} from "@puna/blob-store";
import type { Message } from "@puna/protocol";
import { parseStoredMessages } from "@puna/protocol/schemas";
import { ApiError } from "../errors.ts";

/** What a manifest's layers say, weights left where they are. */
export interface StoredModel {
  readonly stored: StoredManifest;
  readonly config: ModelConfig;
  /** Undefined for models that are not one GGUF file (safetensors, remote stubs). */
  readonly modelLayer: Descriptor | undefined;
  readonly modelPath: string | undefined;
  readonly adapterPaths: readonly string[];
  readonly projectorPaths: readonly string[];
  readonly draftPaths: readonly string[];
  /** Go template; undefined when the model has none of its own. */
  readonly template: string | undefined;
  readonly system: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly messages: readonly Message[];
  readonly licenses: readonly string[];
}

/** @throws ApiError `DEFECTIVE_MODEL` when a layer does not hold what its type says; StoreError `BLOB_NOT_FOUND` */
export async function readStoredModel(store: Store, stored: StoredManifest): Promise<StoredModel> {
  const { layers, config } = stored.manifest;
  const ofType = (...types: string[]) => layers.filter((layer) => types.includes(layer.mediaType));
  const paths = (type: string) => ofType(type).map((layer) => store.blobs.path(layer.digest));
  const texts = (...types: string[]) =>
    Promise.all(ofType(...types).map((layer) => store.blobs.readText(layer.digest)));
  const json = async (type: string) => {
    const layer = ofType(type).at(-1);
    return layer === undefined ? undefined : store.blobs.readJson(layer.digest);
  };
  const [configJson, templates, systems, licenses, parameters, messages] = await Promise.all([
    store.blobs.readJson(config.digest),
    texts(mediaTypes.template, mediaTypes.prompt),
    texts(mediaTypes.system),
    texts(mediaTypes.license),
    json(mediaTypes.params),
    json(mediaTypes.messages),
  ]);
  const modelLayer = ofType(mediaTypes.model)[0];
  return {
    stored,
    config: toConfig(configJson),
    modelLayer,
    modelPath: await weightsPath(store, stored),
    adapterPaths: paths(mediaTypes.adapter),
    projectorPaths: paths(mediaTypes.projector),
    draftPaths: paths(mediaTypes.draft),
    template: templates.at(-1),
    system: systems.at(-1) ?? "",
    parameters: isRecord(parameters) ? parameters : {},
    messages: parseStoredMessages(messages),
    licenses,
  };
}

/** The file that the engine opens; the parts of a sharded model are laid out side by side first. */
export async function weightsPath(store: Store, stored: StoredManifest): Promise<string | undefined> {
  const parts = stored.manifest.layers.filter((layer) => layer.mediaType === mediaTypes.model);
  const [only] = parts;
  if (only === undefined) return undefined;
  return parts.length === 1 ? store.blobs.path(only.digest) : store.modelFile(stored);
}

function toConfig(value: unknown): ModelConfig {
  if (!isRecord(value))
    throw new ApiError("DEFECTIVE_MODEL", "the model's config is not a JSON object; pull it again");
  const text = (key: string) => (typeof value[key] === "string" ? value[key] : "");
  const texts = (key: string) =>
    Array.isArray(value[key]) ? value[key].filter((item) => typeof item === "string") : undefined;
  const count = (key: string) => (typeof value[key] === "number" ? { [key]: value[key] } : {});
  const maybe = (key: string) => (text(key) === "" ? {} : { [key]: text(key) });
  const capabilities = texts("capabilities");
  return {
    model_format: text("model_format"),
    model_family: text("model_family"),
    model_families: texts("model_families") ?? null,
    model_type: text("model_type"),
    file_type: text("file_type"),
    architecture: text("architecture"),
    os: text("os"),
    ...maybe("renderer"),
    ...maybe("parser"),
    ...maybe("requires"),
    ...maybe("remote_host"),
    ...maybe("remote_model"),
    ...maybe("base_name"),
    ...count("context_length"),
    ...count("embedding_length"),
    ...(capabilities !== undefined && capabilities.length > 0 && { capabilities }),
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the store lacks a blob that a manifest names. */
export function isMissingBlob(error: unknown): boolean {
  return StoreError.is(error) && error.code === "BLOB_NOT_FOUND";
}
