import { EngineError } from "../../errors.ts";
import { roomOnGpus, usableGpus } from "../../gpu-room.ts";
import type { EngineDevice, RunnerSpec } from "../../ipc/messages.ts";

/** All of them, in the words of llama.cpp. */
const allLayers = -1;

/**
 * How many layers of the model go to GPUs: all, or as many as their free memory holds beside a margin.
 * A layer is a block, or what comes after the last one; each is taken to be as large as the mean.
 */
export function planGpuLayers(spec: RunnerSpec, devices: readonly EngineDevice[]): number {
  const { planned } = spec;
  const rooms = roomOnGpus(spec, devices);
  if (planned === undefined || planned.blockCount === 0 || rooms.length === 0) return allLayers;
  const layers = planned.blockCount + 1;
  const layerBytes = (planned.weightsBytes + planned.contextBytes) / layers;
  const fitting = rooms.reduce((sum, bytes) => sum + Math.floor(bytes / layerBytes), 0);
  return fitting >= layers ? allLayers : fitting;
}

/**
 * What to try, one after the other, until the model loads: free memory is known to the moment only, and a driver may
 * refuse what it seemed to have.
 * @throws EngineError `OUT_OF_MEMORY` when the model should be on GPUs as a whole and is not going to be
 */
export function gpuLayerAttempts(spec: RunnerSpec, devices: readonly EngineDevice[]): readonly number[] {
  if (spec.gpuLayers >= 0 || usableGpus(devices).length === 0) return [spec.gpuLayers];
  const first = planGpuLayers(spec, devices);
  if (spec.wholeOnGpu) {
    if (first === allLayers) return [first];
    throw new EngineError("OUT_OF_MEMORY", "the model does not fit into the GPU's memory beside others");
  }
  const most = first === allLayers ? (spec.planned?.blockCount ?? 0) : first;
  const fewer = [0.75, 0.5, 0].map((share) => Math.floor(most * share));
  return [...new Set([first, ...fewer.filter((layers) => hostHolds(spec, layers))])];
}

/** Whether the machine has memory for what so many layers on GPUs leave to it. It was let in counting on theirs. */
function hostHolds({ planned, hostRoomBytes }: RunnerSpec, gpuLayers: number): boolean {
  if (planned === undefined || hostRoomBytes === undefined) return true;
  const { blockCount, weightsBytes, contextBytes, processBytes } = planned;
  const share = 1 - gpuLayers / (blockCount + 1);
  return (weightsBytes + contextBytes) * share + processBytes <= hostRoomBytes;
}

/** Loads with the first number of layers that llama.cpp can load. @throws what the last attempt threw */
export async function tryLayers<T>(
  attempts: readonly number[],
  load: (gpuLayers: number) => Promise<T>,
): Promise<T> {
  let failure: unknown;
  for (const gpuLayers of attempts) {
    try {
      return await load(gpuLayers);
    } catch (error) {
      // What is not for want of memory fails again, but llama.cpp does not tell one from the other.
      if (!EngineError.is(error) || error.code !== "LOAD_FAILED") throw error;
      failure = error;
    }
  }
  throw failure;
}
