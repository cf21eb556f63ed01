import type { GgufMetadata } from "./metadata.ts";

/** What a GGUF file is to a model: the model itself, weights on top of it, or its eyes and ears. */
export type GgufKind = "model" | "adapter" | "projector";

const projectorTypes: readonly string[] = ["projector", "mmproj"];
const encoderFlags = [
  "clip.has_vision_encoder",
  "clip.has_audio_encoder",
  "clip.has_llava_projector",
] as const;

/**
 * Sorts a file by its metadata, as a create request has to.
 * @source Ollama's create: `general.type`, then vision blocks without text blocks, then the flags of CLIP files
 */
export function kindOf(metadata: GgufMetadata): GgufKind {
  const type = metadata.string("general.type");
  if (type === "adapter") return "adapter";
  if (type !== undefined && projectorTypes.includes(type)) return "projector";
  const hasVisionOnly =
    metadata.architectureEntry("vision.block_count") !== undefined &&
    metadata.architectureEntry("block_count") === undefined;
  const isClip = metadata.architecture === "clip" && encoderFlags.some((flag) => metadata.has(flag));
  return hasVisionOnly || isClip ? "projector" : "model";
}
