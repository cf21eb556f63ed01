import { getPriority } from "node:os";
import koffi from "koffi";

const systemCalls: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 314, arm64: 274 };
const attributesBytes = 48;
const sliceNs = 50_000_000n;

/**
 * Makes the worker thread, and the threads that llama.cpp starts from it, ask Linux (6.12 and later) for long slices of
 * processor time. They get no less and no more of it, but whoever asks for shorter ones need not wait for the end of
 * theirs: the server that passes a token on, a terminal, an editor. Older kernels take no notice.
 * @source man 2 sched_setattr; Linux, Documentation/scheduler/sched-eevdf.rst
 */
export async function askForLongSlices(): Promise<void> {
  const number = systemCalls[process.arch];
  if (process.platform !== "linux" || number === undefined) return;
  const attributes = new DataView(new ArrayBuffer(attributesBytes));
  attributes.setUint32(0, attributesBytes, true);
  attributes.setInt32(16, getPriority(), true);
  attributes.setBigUint64(24, sliceNs, true);
  const call = koffi
    .load(null)
    .func("long syscall(long number, int thread, void *attributes, unsigned int flags)");
  const bytes = new Uint8Array(attributes.buffer);
  // A refusal changes nothing.
  await new Promise<void>((resolve) => call.async(number, 0, bytes, 0, () => resolve()));
}
