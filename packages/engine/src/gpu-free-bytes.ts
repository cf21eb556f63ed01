import { roomOnGpus } from "./gpu-room.ts";
import type { RunnerSpec } from "./ipc/messages.ts";
import { type ProbeOptions, probeEngine } from "./probe-engine.ts";

/** Memory beside that of the machine that a model may take, asked for in a child process: half a second. */
export async function gpuFreeBytes(
  spec: Pick<RunnerSpec, "mainGpu" | "gpuOverheadBytes" | "gpuLayers">,
  options: ProbeOptions,
): Promise<number> {
  // Macs have one memory for both.
  if (spec.gpuLayers === 0 || process.platform === "darwin") return 0;
  try {
    const { devices } = await probeEngine(options);
    const own = devices.filter(({ kind }) => kind === "gpu");
    return roomOnGpus(spec, own).reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return 0; // The load itself will say what is wrong with the runner.
  }
}
