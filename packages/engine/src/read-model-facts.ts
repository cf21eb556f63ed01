import {
  type Gguf,
  GgufError,
  modelDimensions,
  type NativeOverride,
  planCompatibility,
  readGguf,
  toNativeOverride,
} from "@puna/model-format/gguf";
import type { ModelSpec } from "./engine.ts";
import { EngineError } from "./errors.ts";
import { openFileSource } from "./file-source.ts";
import { readAdapter } from "./read-adapter.ts";
import { readParts } from "./read-parts.ts";
import { rewriteHeader } from "./rewrite-header.ts";
import type { ModelFacts } from "./scheduler/memory-plan.ts";
import { windowBlocks } from "./scheduler/window-blocks.ts";

/** A runner without a model: Node and llama.cpp's libraries. */
const bareProcessBytes = 80 * 2 ** 20;
/** llama.cpp's tables of one token. */
const bytesPerVocabularyToken = 100;

/** Models that see a whole text at once, and whose files do not say so. @source llama.cpp v0.5.0 src/models */
const bidirectional: readonly string[] = ["gemma-embedding"];
/** One of them gives the size of a state. @source llama.cpp v0.5.0 src/llama-hparams.cpp n_embd_r */
const stateKeys = ["ssm.conv_kernel", "wkv.head_size", "shortconv.l_cache", "kda.head_dim"] as const;

/**
 * Reads what must be known of a model before it is loaded. Our own reader passes every file of it before native code
 * sees it, adapters and the parts of sharded models too, and files that llama.cpp would misread get their corrections here.
 * @throws EngineError `LOAD_FAILED`, `UNSUPPORTED`
 */
export async function readModelFacts(
  modelPath: string,
  adapters: ModelSpec["adapters"] = [],
): Promise<ModelFacts> {
  try {
    await using source = await openFileSource(modelPath);
    const gguf = await readGguf(source);
    const dimensions = modelDimensions(gguf.metadata);
    const parts = await readParts(modelPath, gguf);
    let fileBytes = parts.sizeBytes;
    for (const { path } of adapters) fileBytes += await readAdapter(path, gguf, parts.tensors);
    return {
      fileBytes,
      trainedContextTokens: dimensions.contextTokens ?? 0,
      dimensions,
      slidingBlocks: await windowBlocks(gguf.metadata, dimensions.blockCount),
      isCausal: isCausal(gguf.metadata),
      isRecurrent: stateKeys.some((key) => gguf.metadata.architectureEntry(key) !== undefined),
      processBytes: bareProcessBytes + bytesPerVocabularyToken * (dimensions.vocabularySize ?? 0),
      ...(await corrections(modelPath, gguf, parts.siblings)),
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

function isCausal(metadata: Gguf["metadata"]): boolean {
  const { architecture } = metadata;
  return metadata.boolean(`${architecture}.attention.causal`) ?? !bidirectional.includes(architecture);
}

async function corrections(
  modelPath: string,
  gguf: Gguf,
  siblings: readonly string[],
): Promise<Pick<ModelFacts, "kvOverrides" | "rewrite">> {
  const plan = await planCompatibility(gguf);
  if (plan === undefined) return { kvOverrides: [] };
  if (plan.inMemory) {
    const overrides = plan.overrides.map((entry) => toNativeOverride(entry, gguf.metadata));
    return { kvOverrides: overrides.filter((entry): entry is NativeOverride => entry !== undefined) };
  }
  // Some changes cannot be handed over with the load; a copy with another header can.
  const header = rewriteHeader(modelPath, gguf, { set: plan.overrides, siblings });
  return { kvOverrides: [], rewrite: header };
}
