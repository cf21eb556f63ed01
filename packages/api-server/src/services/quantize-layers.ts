import { rm } from "node:fs/promises";
import { type ModelConfig, mediaTypes } from "@puna/blob-store";
import { fileTypeCode, fileTypeName, quantizationLevel, readGguf } from "@puna/model-format/gguf";
import type { ProgressResponse } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { ApiError, badRequest } from "../errors.ts";
import { fileSource } from "../models/file-source.ts";
import type { ModelLayers } from "./model-layers.ts";

const targets: readonly string[] = ["F32", "F16", "BF16", "Q4_K_S", "Q4_K_M", "Q8_0"];
const sources: readonly string[] = ["F32", "F16", "BF16"];

/**
 * Replaces the model layer with a smaller one, if asked to.
 * @returns what changes in the model's config
 * @throws ApiError `BAD_REQUEST` for types that cannot be made, `NOT_IMPLEMENTED` without a quantizer
 */
export async function* quantizeLayers(
  { store, quantizer }: Dependencies,
  layers: ModelLayers,
  wanted: string,
  signal: AbortSignal,
): AsyncGenerator<ProgressResponse, Partial<ModelConfig>> {
  if (wanted === "") return {};
  const type = fileTypeName(fileTypeCode(wanted) ?? -1);
  if (type === undefined || !targets.includes(type)) {
    throw badRequest(
      `unsupported quantization type ${wanted.toUpperCase()} - supported types are F32, F16, Q4_K_S, Q4_K_M, Q8_0`,
    );
  }
  const layer = layers.descriptors().find(({ mediaType }) => mediaType === mediaTypes.model);
  if (layer === undefined) return {};
  const path = store.blobs.path(layer.digest);
  const source = quantizationLevel((await readGguf(await fileSource(path))).metadata);
  if (source === type) return {};
  if (!sources.includes(source))
    throw badRequest("quantization is only supported for F16, BF16 and F32 models");
  if (quantizer === undefined)
    throw new ApiError(
      "NOT_IMPLEMENTED",
      "this server cannot quantize; create the model from a file that is",
    );
  const status = `quantizing ${source} model to ${type}`;
  const digest = "0".repeat(19);
  yield { status, digest, total: layer.size };
  const made = await quantizer.quantize(path, type, { signal, onProgress: () => {} });
  try {
    const blob = await store.blobs.importFile(made, { signal });
    layers.replaceModel({ ...layer, ...blob });
  } finally {
    await rm(made, { force: true });
  }
  yield { status, digest, total: layer.size, completed: layer.size };
  return { file_type: type };
}
