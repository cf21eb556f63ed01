import { type ModelConfig, mediaTypes, type StoredManifest, uniqueDescriptors } from "@puna/blob-store";
import { quantizationLevel } from "@puna/model-format/gguf";
import {
  ModelName,
  type ProgressResponse,
  parseModelReference,
  parseOptions,
  printCount,
} from "@puna/protocol";
import { type createRequestSchema, parseLicense } from "@puna/protocol/schemas";
import type * as z from "zod";
import type { Dependencies } from "../dependencies.ts";
import { ApiError, badRequest } from "../errors.ts";
import { builtInDefaults } from "../models/built-in-defaults.ts";
import { checkTemplate } from "../models/check-template.ts";
import { findName } from "../models/find-model.ts";
import { readStoredModel } from "../models/stored-model.ts";
import { type ImportedFile, importFiles } from "./import-files.ts";
import { ModelLayers } from "./model-layers.ts";
import { quantizeLayers } from "./quantize-layers.ts";
import { readModelInfo } from "./read-model-info.ts";
import { remoteConfig } from "./remote-config.ts";
import { pullModel } from "./transfer-model.ts";

export type CreateSettings = z.output<typeof createRequestSchema>;

/** What the new model begins with. */
interface Base {
  readonly layers: ModelLayers;
  readonly config: ModelConfig;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly imported: readonly ImportedFile[];
  /** Only a name for a model elsewhere: no files belong to it. */
  readonly isRemote?: boolean;
}

const emptyConfig: ModelConfig = {
  model_format: "",
  model_family: "",
  model_families: null,
  model_type: "",
  file_type: "",
  architecture: "amd64",
  os: "linux",
};

/** Checks that come before anything is streamed. @throws ApiError `BAD_REQUEST`; ProtocolError `INVALID_NAME` */
export function checkCreate(settings: CreateSettings): ModelName {
  const { files, draft_files: drafts, adapters } = settings;
  for (const named of [files, drafts, adapters]) {
    for (const [path, digest] of Object.entries(named ?? {})) {
      if (named !== adapters && !isRelativePath(path)) throw badRequest("file path must be relative");
      if (digest === "") throw badRequest("invalid digest format");
    }
  }
  if (settings.draft_quantize !== "" && Object.keys(settings.draft_files ?? {}).length === 0)
    throw badRequest("--draft-quantize requires a DRAFT model");
  return ModelName.parseValid(settings.model || settings.name);
}

/**
 * Makes a model from another one or from files, with what the request adds.
 * @throws ApiError, ProtocolError, PromptError `TEMPLATE_INVALID`
 * @source ollama server/create.go
 */
export async function* createModel(
  dependencies: Dependencies,
  name: ModelName,
  settings: CreateSettings,
  signal: AbortSignal,
): AsyncGenerator<ProgressResponse> {
  const { store } = dependencies;
  // Until the manifest names them, the new blobs look unused to a prune.
  await using lease = await store.leaseAll(signal);
  const target = (await findName(store, name)) ?? name;
  const base =
    settings.from !== ""
      ? yield* fromModel(dependencies, settings, signal)
      : yield* fromFiles(dependencies, settings);
  const draft = base.isRemote === true ? {} : yield* addFiles(dependencies, base.layers, settings);
  const { config, parameters } = withImplied(base, settings);
  await addContent(base.layers, settings, { ...base.parameters, ...parameters });
  const quantized = yield* quantizeLayers(
    dependencies,
    base.layers,
    settings.quantize || settings.quantization,
    signal,
  );
  const final = { ...config, ...draft, ...quantized, ...readModelInfo(settings.info, config) };
  for (const status of base.layers.statuses()) yield { status };
  const configBlob = await store.blobs.putJson(final);
  yield { status: "writing manifest" };
  const replaced = await store.manifests.read(target);
  await store.manifests.write(target, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...configBlob },
    layers: base.layers.descriptors(),
  });
  // From here on the lease would only keep what the old manifest named.
  await lease[Symbol.asyncDispose]();
  if (replaced !== undefined && !dependencies.settings.keepReplacedLayers)
    await store.manifests.removeUnused(uniqueDescriptors(replaced.manifest).map(({ digest }) => digest));
  yield { status: "success" };
}

async function* fromModel(
  dependencies: Dependencies,
  settings: CreateSettings,
  signal: AbortSignal,
): AsyncGenerator<ProgressResponse, Base> {
  const { store } = dependencies;
  const reference = parseModelReference(settings.from);
  const remote = remoteConfig(reference, settings.remote_host);
  if (remote !== undefined) {
    if (Object.keys(settings.draft_files ?? {}).length > 0)
      throw badRequest("DRAFT cannot be used with remote models");
    const config = { ...emptyConfig, ...remote };
    return { layers: new ModelLayers(store), config, parameters: {}, imported: [], isRemote: true };
  }
  // FROM is the one place where case counts: another casing is another model, which a registry may have.
  let stored = await store.manifests.read(reference.name);
  if (stored === undefined) {
    yield* pullModel(dependencies, reference.name, { insecure: false, signal });
    stored = await store.manifests.read(reference.name);
  }
  if (stored === undefined) throw new ApiError("NOT_FOUND", `model '${settings.from}' not found`);
  return toBase(dependencies, stored, reference.name);
}

async function toBase({ store }: Dependencies, stored: StoredManifest, name: ModelName): Promise<Base> {
  const { config, parameters } = await readStoredModel(store, stored);
  const layers = new ModelLayers(store);
  const from = name.toShortString();
  for (const layer of stored.manifest.layers) layers.add({ ...layer, from }, false);
  return { layers, config, parameters, imported: [] };
}

async function* fromFiles(
  dependencies: Dependencies,
  settings: CreateSettings,
): AsyncGenerator<ProgressResponse, Base> {
  if (settings.files === undefined) throw badRequest("neither 'from' or 'files' was specified");
  const imported = yield* importFiles(dependencies, settings.files, "model");
  const layers = new ModelLayers(dependencies.store);
  for (const { layer } of imported) layers.add(layer, true);
  const main = imported.find(({ layer }) => layer.mediaType === mediaTypes.model) ?? imported[0];
  const family = main?.gguf.metadata.architecture ?? "";
  const families = [...new Set(imported.map(({ gguf }) => gguf.metadata.architecture))];
  const config = {
    ...emptyConfig,
    model_format: "gguf",
    model_family: family,
    model_families: families,
    model_type: main === undefined ? "" : printCount(main.gguf.parameterCount),
    file_type: main === undefined ? "" : quantizationLevel(main.gguf.metadata),
  };
  return { layers, config, parameters: {}, imported };
}

/** Takes in what comes beside the model: adapters, and a smaller model that drafts. @returns what the config says of it */
async function* addFiles(
  dependencies: Dependencies,
  layers: ModelLayers,
  settings: CreateSettings,
): AsyncGenerator<ProgressResponse, Partial<ModelConfig>> {
  const drafts =
    settings.draft_files === undefined ? [] : yield* importFiles(dependencies, settings.draft_files, "draft");
  const adapters =
    settings.adapters === undefined ? [] : yield* importFiles(dependencies, settings.adapters, "adapter");
  for (const { layer } of [...adapters, ...drafts]) layers.add(layer, true);
  const [main] = drafts;
  if (main === undefined) return {};
  return { draft: { model_format: "gguf", architecture: main.gguf.metadata.architecture } };
}

/** What a new file implies: the renderer, parser and stop text of its family. */
function withImplied(base: Base, settings: CreateSettings) {
  const main = base.imported.find(({ layer }) => layer.mediaType === mediaTypes.model)?.gguf;
  const implied = main === undefined ? {} : builtInDefaults(main.metadata.architecture);
  const renderer = settings.renderer || base.config.renderer || implied.renderer;
  const parser = settings.parser || base.config.parser || implied.parser;
  const requires = settings.requires || base.config.requires;
  const config = {
    ...base.config,
    ...(renderer !== undefined && { renderer }),
    ...(parser !== undefined && { parser }),
    ...(requires !== undefined && { requires }),
  };
  return { config, parameters: implied.stop === undefined ? {} : { stop: implied.stop } };
}

async function addContent(
  layers: ModelLayers,
  settings: CreateSettings,
  parameters: Readonly<Record<string, unknown>>,
): Promise<void> {
  const licenses = parseLicense(settings.license);
  if (licenses === undefined) throw badRequest("license must be a string or a list of strings");
  if (settings.template !== "") {
    checkTemplate(settings.template);
    await layers.addText(mediaTypes.template, settings.template);
  }
  if (settings.system !== "") await layers.addText(mediaTypes.system, settings.system);
  for (const license of licenses) await layers.addText(mediaTypes.license, license);
  const all = { ...parameters, ...checkParameters(settings.parameters ?? {}) };
  if (Object.keys(all).length > 0) await layers.setJson(mediaTypes.params, sortKeys(all));
  const messages = settings.messages ?? [];
  if (messages.length > 0) await layers.setJson(mediaTypes.messages, messages);
}

/** @throws ProtocolError `INVALID_OPTION`; ApiError `BAD_REQUEST` for names that are no parameters */
function checkParameters(parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const listed =
    typeof parameters["stop"] === "string" ? { ...parameters, stop: [parameters["stop"]] } : parameters;
  const { unknown } = parseOptions(listed);
  const [first] = unknown.filter((name) => !retired.has(name));
  if (first !== undefined) throw badRequest(`unknown parameter '${first}'`);
  return Object.fromEntries(Object.entries(listed).filter(([, value]) => value !== null));
}

/** Parameters that older models carry and nothing reads any more. */
const retired: ReadonlySet<string> = new Set([
  "f16_kv",
  "logits_all",
  "low_vram",
  "num_gqa",
  "numa",
  "penalize_newline",
  "tfs_z",
  "use_mlock",
  "vocab_only",
]);

function sortKeys(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** As Go's fs.ValidPath: slash-separated, below the root, nothing to normalise. */
function isRelativePath(path: string): boolean {
  if (path === ".") return true;
  return path !== "" && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
