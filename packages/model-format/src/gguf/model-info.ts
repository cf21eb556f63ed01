import { GgufArray, type GgufElement } from "./array.ts";
import type { Gguf } from "./header.ts";
import type { GgufEntry } from "./metadata.ts";
import { shortestFloat32 } from "./shortest-float32.ts";

/** JSON form of a metadata value. */
export type ModelInfoValue = string | number | boolean | null | readonly ModelInfoValue[];

// `show` gives these elsewhere, or not at all.
const leftOut: ReadonlySet<string> = new Set(["general.name", "tokenizer.chat_template"]);

/**
 * The `model_info` (or `projector_info`) of `show`: all metadata in the order of the keys, with the count of
 * parameters. Arrays are null unless `verbose`, which reads them from the file; empty ones are `[]`.
 */
export async function modelInfo(
  gguf: Gguf,
  options: { readonly verbose?: boolean } = {},
): Promise<Record<string, ModelInfoValue>> {
  const info: [string, ModelInfoValue][] = [["general.parameter_count", gguf.parameterCount]];
  for (const entry of gguf.metadata) {
    if (leftOut.has(entry.key) || entry.key === "general.parameter_count") continue;
    info.push([entry.key, await toInfoValue(entry, options.verbose ?? false)]);
  }
  return Object.fromEntries(info.sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function toInfoValue(entry: GgufEntry, verbose: boolean): Promise<ModelInfoValue> {
  const { value } = entry;
  if (!(value instanceof GgufArray)) return toJson(value, entry.type === "float32");
  if (value.length === 0) return [];
  if (!verbose) return null;
  return toJson(await value.toArray(), value.elementType === "float32");
}

function toJson(value: GgufElement, isFloat32: boolean): ModelInfoValue {
  if (typeof value === "number") return isFloat32 ? shortestFloat32(value) : value;
  // JSON numbers past 2^53 lose digits in every JavaScript client anyway.
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  return value.map((element) => toJson(element, isFloat32));
}
