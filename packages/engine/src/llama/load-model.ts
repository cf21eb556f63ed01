import { EngineError } from "../errors.ts";
import type { EngineLibrary, EngineProbe, RunnerSpec } from "../ipc/messages.ts";
import type { DriverModel } from "../runner-child/driver.ts";
import { nativeDriver } from "./native/driver.ts";
import { loadLlamaLibrary } from "./native/library.ts";
import { locateLibraries } from "./native/locate.ts";
import { probeDevices } from "./native/probe-devices.ts";
import { ownFolder } from "./native/runner-environment.ts";

/**
 * Loads a model with the driver that the spec asks for. `auto` takes the native one wherever its libraries
 * pass the check, and the facts say why it did not.
 */
export async function loadModel(spec: RunnerSpec): Promise<DriverModel> {
  if (spec.driver === "portable") return loadPortable(spec, undefined);
  const reason = whyNotNative();
  if (reason === undefined) return nativeDriver.load(spec);
  if (spec.driver === "native") throw reason;
  return loadPortable(spec, reason.message);
}

/** What this machine offers, without loading a model. */
export async function probe(): Promise<EngineProbe> {
  const reason = whyNotNative();
  if (reason !== undefined) {
    const libraries = installedLibraries(undefined);
    return { driver: "llama/portable", fallbackReason: reason.message, devices: [], libraries };
  }
  const library = loadLlamaLibrary();
  const libraries = installedLibraries(library.folder);
  return {
    driver: "llama/native",
    version: library.version,
    ...(library.ownMatmul === undefined ? {} : { ownMatmul: library.ownMatmul.path }),
    devices: probeDevices(library),
    libraries,
  };
}

function installedLibraries(loadedFolder: string | undefined): readonly EngineLibrary[] {
  return locateLibraries(process.platform, process.arch, ownFolder()).map(({ folder, gpu }) => ({
    folder,
    isLoaded: folder === loadedFolder,
    // On Macs the GPU's backend is part of ggml itself.
    hasGpu: gpu !== undefined || folder.includes("metal"),
  }));
}

function whyNotNative(): EngineError | undefined {
  try {
    loadLlamaLibrary();
    return undefined;
  } catch (error) {
    if (EngineError.is(error)) return error;
    throw error;
  }
}

/** Imported only when used: it takes a third of a second. */
async function loadPortable(spec: RunnerSpec, fallbackReason: string | undefined): Promise<DriverModel> {
  const { loadPortableModel } = await import("./portable/driver.ts");
  return loadPortableModel(spec, fallbackReason);
}
