import type { ModelConfig } from "@puna/blob-store";
import { badRequest } from "../errors.ts";

const texts: Readonly<Record<string, keyof ModelConfig>> = {
  model_family: "model_family",
  base_name: "base_name",
  quantization_level: "file_type",
  parameter_size: "model_type",
};

/** What `info` of a create request says about the model. @throws ApiError `BAD_REQUEST` */
export function readModelInfo(
  info: Readonly<Record<string, unknown>> | undefined,
  base: ModelConfig,
): Partial<ModelConfig> {
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(info ?? {})) {
    const name = texts[key];
    if (name !== undefined) {
      if (typeof value !== "string") throw badRequest(`info field ${JSON.stringify(key)} must be a string`);
      config[name] = value;
      // The family named here comes before those of the files.
      if (key === "model_family" && value !== "")
        config["model_families"] = [...new Set([value, ...(base.model_families ?? [])])];
    } else if (key === "capabilities") {
      if (!isTextList(value)) throw badRequest('info field "capabilities" must be a list of strings');
      config[key] = [...new Set([...(base.capabilities ?? []), ...value])];
    } else if (key === "context_length" || key === "embedding_length") {
      const field = `info field ${JSON.stringify(key)}`;
      if (typeof value !== "number") throw badRequest(`${field} must be a number`);
      if (!Number.isSafeInteger(value) || value < 0)
        throw badRequest(`${field} must be a non-negative integer`);
      config[key] = value;
    }
  }
  return config;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
