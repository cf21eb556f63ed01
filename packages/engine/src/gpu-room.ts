import type { EngineDevice, RunnerSpec } from "./ipc/messages.ts";

/** For what a context computes with, and for other programs that draw. */
const marginBytes = 512 * 2 ** 20;

/** Those that llama.cpp uses: integrated ones only where there is no other. @source llama.cpp v0.5.0 src/llama.cpp */
export function usableGpus(devices: readonly EngineDevice[]): readonly EngineDevice[] {
  const own = devices.filter(({ kind }) => kind === "gpu");
  return own.length > 0 ? own : devices.filter(({ kind }) => kind === "integrated-gpu");
}

/** What a model may take of each of them. */
export function roomOnGpus(
  { mainGpu, gpuOverheadBytes = 0 }: Pick<RunnerSpec, "mainGpu" | "gpuOverheadBytes">,
  devices: readonly EngineDevice[],
): readonly number[] {
  const gpus = usableGpus(devices);
  const used = mainGpu === undefined ? gpus : gpus.slice(mainGpu, mainGpu + 1);
  return used.map(({ freeBytes }) => Math.max(0, freeBytes - marginBytes - gpuOverheadBytes));
}
