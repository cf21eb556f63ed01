import {
  type Gguf,
  GgufError,
  modelDimensions,
  type NativeOverride,
  planCompatibility,
  readGguf,
  toNativeOverride,
} from "@puna/model-format/gguf";
import { EngineError } from "./errors.ts";
import { openFileSource } from "./file-source.ts";
import { rewriteHeader } from "./rewrite-header.ts";
import type { ModelFacts } from "./scheduler/memory-plan.ts";

/**
 * Reads what must be known of a file before it is loaded. Our own reader passes every file before native code
 * sees it, and files that llama.cpp would misread get their corrections here.
 * @throws EngineError `LOAD_FAILED`, `UNSUPPORTED`
 */
export async function readModelFacts(modelPath: string): Promise<ModelFacts> {
  try {
    await using source = await openFileSource(modelPath);
    const gguf = await readGguf(source);
    const dimensions = modelDimensions(gguf.metadata);
    return {
      fileBytes: gguf.sizeBytes,
      trainedContextTokens: dimensions.contextTokens ?? 0,
      dimensions,
      ...(await corrections(modelPath, gguf)),
    };
  } catch (cause) {
    if (EngineError.is(cause)) throw cause;
    if (GgufError.is(cause)) {
      const code = cause.code === "GGUF_UNSUPPORTED" ? "UNSUPPORTED" : "LOAD_FAILED";
      throw new EngineError(code, `unable to load model: ${cause.message}`, { cause });
    }
    throw new EngineError("LOAD_FAILED", "unable to load model: its file could not be read", { cause });
  }
}

async function corrections(
  modelPath: string,
  gguf: Gguf,
): Promise<Pick<ModelFacts, "kvOverrides" | "rewrite">> {
  const plan = await planCompatibility(gguf);
  if (plan === undefined) return { kvOverrides: [] };
  if (plan.inMemory) {
    const overrides = plan.overrides.map((entry) => toNativeOverride(entry, gguf.metadata));
    return { kvOverrides: overrides.filter((entry): entry is NativeOverride => entry !== undefined) };
  }
  // Some changes cannot be handed over with the load; a copy with another header can.
  const header = rewriteHeader(modelPath, gguf, plan.overrides);
  return { kvOverrides: [], rewrite: header };
}
