import type { RunnerSpec } from "../ipc/messages.ts";
import type { Logger } from "../logger.ts";
import type { LoadedModel } from "./loaded-model.ts";

/** A plan that misses more is worth a warning. */
const toleratedShare = 0.25;

/** Memory is short, and nobody had asked for this very context. */
export function warnShortened(logger: Logger, wanted: RunnerSpec, step: RunnerSpec): void {
  logger.warn("memory is short: the model gets a smaller context", {
    modelPath: wanted.modelPath,
    contextTokens: step.contextTokens,
    wantedContextTokens: wanted.contextTokens,
    parallel: step.parallel,
    wantedParallel: wanted.parallel,
  });
}

/** A setting for all models gave way to what this one can do. */
export function warnCacheType(logger: Logger, planned: RunnerSpec, wantedType: string): void {
  const { modelPath, kvCacheType } = planned;
  logger.warn("quantized KV cache requested but flash attention disabled", {
    modelPath,
    kvCacheType,
    wantedType,
  });
}

/** A runner took more than a fixed share beyond its plan. */
export function warnMissed(logger: Logger, { plannedBytes, sizeBytes, spec }: LoadedModel): void {
  if (sizeBytes - plannedBytes <= plannedBytes * toleratedShare) return;
  const { modelPath, contextTokens, parallel } = spec;
  logger.warn("a model takes more memory than planned", {
    modelPath,
    contextTokens,
    parallel,
    plannedBytes,
    sizeBytes,
  });
}
