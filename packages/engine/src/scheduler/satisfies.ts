import type { ModelSpec } from "../engine.ts";
import type { RunnerSpec } from "../ipc/messages.ts";

/**
 * Whether a loaded runner can serve the request as it is. Settings that the request leaves open match
 * anything but a short context; those it names must be what the runner was loaded with.
 */
export function satisfies(loaded: RunnerSpec, wanted: ModelSpec): boolean {
  const load = wanted.load ?? {};
  const same = <TValue>(asked: TValue | undefined, has: TValue | undefined) =>
    asked === undefined || asked === has;
  return (
    loaded.embedding === (load.embedding ?? false) &&
    contextFits(loaded, load.contextTokens) &&
    same(load.batchTokens, loaded.batchTokens) &&
    (load.gpuLayers === undefined || load.gpuLayers < 0 || load.gpuLayers === loaded.gpuLayers) &&
    same(load.mainGpu, loaded.mainGpu) &&
    same(load.useMmap, loaded.useMmap) &&
    (!load.threads || load.threads === loaded.threads) &&
    same(load.kvCacheType, loaded.kvCacheType) &&
    same(load.flashAttention, loaded.flashAttention) &&
    JSON.stringify(wanted.adapters ?? []) === JSON.stringify(loaded.adapters)
  );
}

/**
 * More than the model was trained for was clamped when it was loaded, and would be again. Who asks for nothing is
 * served by what is there, but not by a window that another request made small.
 */
function contextFits(loaded: RunnerSpec, asked: number | undefined): boolean {
  if (asked === undefined) return loaded.contextIsShort !== true;
  return (
    Math.max(4, asked) === loaded.contextTokens ||
    (loaded.contextIsTrainedLength && asked > loaded.contextTokens)
  );
}
