import type { DevicesResponse } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { ApiError } from "../errors.ts";

/** What models can run on here, and how much of it they take. @throws ApiError `NOT_IMPLEMENTED`; EngineError */
export async function listDevices({ engine, probeDevices }: Dependencies): Promise<DevicesResponse> {
  if (probeDevices === undefined)
    throw new ApiError("NOT_IMPLEMENTED", "this server cannot tell its devices");
  const { driver, fallbackReason, version, devices } = await probeDevices();
  const loaded = engine.loaded();
  return {
    driver,
    ...(fallbackReason !== undefined && { fallback_reason: fallbackReason }),
    ...(version !== undefined && { version }),
    backend: devices.some(({ kind }) => kind !== "cpu") ? "gpu" : "cpu",
    devices: devices.map(({ name, kind, freeBytes, totalBytes }) => ({
      name,
      kind,
      free: freeBytes,
      total: totalBytes,
    })),
    used: {
      size: loaded.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      size_vram: loaded.reduce((sum, { vramBytes }) => sum + vramBytes, 0),
    },
  };
}
