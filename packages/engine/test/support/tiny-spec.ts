import type { RunnerSpec } from "../../src/ipc/messages.ts";

/** How tests load a small model in their own process. */
export function tinySpec(modelPath: string, changes: Partial<RunnerSpec> = {}): RunnerSpec {
  return {
    driver: "native",
    modelPath,
    adapters: [],
    contextTokens: 512,
    contextIsTrainedLength: true,
    parallel: 2,
    batchTokens: 64,
    gpuLayers: 0,
    threads: 1,
    kvCacheType: "f16",
    embedding: false,
    kvOverrides: [],
    promptCacheBytes: 0,
    draftTokens: 0,
    ...changes,
  };
}
