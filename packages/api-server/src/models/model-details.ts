import type { ModelDetails } from "@puna/protocol";
import type { StoredModel } from "./stored-model.ts";

/** The card of a model as lists show it. */
export function toDetails(model: StoredModel, options: { readonly withParent: boolean }): ModelDetails {
  const { config, modelLayer } = model;
  return {
    parent_model: options.withParent ? (modelLayer?.from ?? "") : "",
    format: config.model_format,
    family: config.model_family,
    families: config.model_families,
    parameter_size: config.model_type,
    quantization_level: config.file_type,
  };
}
