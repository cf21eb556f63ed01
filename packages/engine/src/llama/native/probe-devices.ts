import type { EngineDevice } from "../../ipc/messages.ts";
import type { LlamaLibrary } from "./library.ts";

/** @source llama.cpp v0.5.0 ggml-backend.h enum ggml_backend_dev_type */
const kinds = ["cpu", "gpu", "integrated-gpu", "accelerator"] as const;

/** The devices that llama.cpp can use here, with their memory. */
export function probeDevices({ c }: LlamaLibrary): readonly EngineDevice[] {
  const devices: EngineDevice[] = [];
  for (let index = 0; index < c.ggml_backend_dev_count(); index++) {
    const device = c.ggml_backend_dev_get(index);
    if (device === null) continue;
    const free = [0];
    const total = [0];
    c.ggml_backend_dev_memory(device, free, total);
    devices.push({
      name: c.ggml_backend_dev_name(device) ?? "",
      kind: kinds[c.ggml_backend_dev_type(device)] ?? "accelerator",
      freeBytes: Number(free[0]),
      totalBytes: Number(total[0]),
    });
  }
  return devices;
}
