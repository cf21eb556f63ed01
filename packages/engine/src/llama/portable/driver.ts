import { availableParallelism } from "node:os";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import { EngineError } from "../../errors.ts";
import type { RunnerSpec } from "../../ipc/messages.ts";
import type { DriverModel } from "../../runner-child/driver.ts";
import { PortableModel } from "./portable-model.ts";

/**
 * llama.cpp through node-llama-cpp's public API: slower to start and with fewer samplers, but on every platform.
 * @param fallbackReason  why the native driver was not taken, if it was to be
 * @throws EngineError `LOAD_FAILED`, `OUT_OF_MEMORY`, `UNSUPPORTED`
 */
export async function loadPortableModel(
  spec: RunnerSpec,
  fallbackReason: string | undefined,
): Promise<DriverModel> {
  refuseOverrides(spec);
  if (spec.mainGpu !== undefined) {
    throw new EngineError(
      "UNSUPPORTED",
      "main_gpu is not available with the portable driver; use the native one",
    );
  }
  // Never compile on a user's machine: the prebuilt libraries are the ones that were tested.
  const llama = await getLlama({ build: "never", logLevel: LlamaLogLevel.error });
  return load(llama, { spec, ...(fallbackReason === undefined ? {} : { fallbackReason }) });
}

interface PortableLoad {
  readonly spec: RunnerSpec;
  readonly fallbackReason?: string;
}

function refuseOverrides(spec: RunnerSpec): void {
  const [first] = spec.kvOverrides;
  if (first === undefined) return;
  const text = `the file needs another ${first.key} to be read correctly, which only the native driver can give it`;
  throw new EngineError("UNSUPPORTED", text);
}

async function load(llama: Llama, { spec, ...notes }: PortableLoad): Promise<DriverModel> {
  let model: Awaited<ReturnType<Llama["loadModel"]>>;
  try {
    model = await llama.loadModel({
      modelPath: spec.filePath ?? spec.modelPath,
      ...(spec.gpuLayers >= 0 ? { gpuLayers: spec.gpuLayers } : {}),
      ...(spec.useMmap === undefined ? {} : { useMmap: spec.useMmap }),
    });
  } catch (cause) {
    throw loadError(spec, cause);
  }
  try {
    if (spec.embedding) {
      const context = await model.createEmbeddingContext({
        contextSize: spec.contextTokens,
        batchSize: spec.contextTokens,
        ...(spec.threads > 0 ? { threads: Math.min(spec.threads, availableParallelism()) } : {}),
      });
      return new PortableModel({ model, spec, ...notes, embedding: context });
    }
    const context = await model.createContext({
      sequences: spec.parallel,
      contextSize: spec.contextTokens,
      batchSize: Math.min(spec.batchTokens, spec.contextTokens),
      ...(spec.threads > 0 ? { threads: Math.min(spec.threads, availableParallelism()) } : {}),
      ...(spec.flashAttention === undefined ? {} : { flashAttention: spec.flashAttention }),
      ...kvCacheTypes(spec.kvCacheType),
      ...(spec.adapters.length === 0
        ? {}
        : { lora: { adapters: spec.adapters.map(({ path, scale }) => ({ filePath: path, scale })) } }),
    });
    return new PortableModel({ model, spec, ...notes, context });
  } catch (cause) {
    await model.dispose();
    throw loadError(spec, cause);
  }
}

function kvCacheTypes(type: string): object {
  switch (type) {
    case "f16":
    case "":
      return {};
    case "q8_0":
    case "q4_0": {
      const name = type.toUpperCase() as "Q8_0" | "Q4_0"; // The two names of the switch, in the library's spelling.
      return { experimentalKvCacheKeyType: name, experimentalKvCacheValueType: name };
    }
    default:
      throw new EngineError("UNSUPPORTED", `KV cache type "${type}" is unknown; use f16, q8_0 or q4_0`);
  }
}

function loadError(spec: RunnerSpec, cause: unknown): EngineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const memory = cause instanceof Error && /InsufficientMemory/.test(cause.constructor.name);
  return new EngineError(
    memory ? "OUT_OF_MEMORY" : "LOAD_FAILED",
    `the model could not be loaded with a context of ${spec.contextTokens} tokens: ${reason}`,
    { cause },
  );
}
