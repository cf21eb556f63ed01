import { EngineError } from "../errors.ts";
import type { RunnerSpec } from "../ipc/messages.ts";
import type { DriverModel } from "../runner-child/driver.ts";
import { nativeDriver } from "./native/driver.ts";
import { loadLlamaLibrary } from "./native/library.ts";

/**
 * Loads a model with the driver that the spec asks for. `auto` takes the native one wherever its libraries
 * pass the check, and says on stderr why it does not.
 */
export async function loadModel(spec: RunnerSpec, warn: (message: string) => void): Promise<DriverModel> {
  if (spec.driver === "portable") return loadPortable(spec);
  try {
    loadLlamaLibrary();
  } catch (error) {
    if (spec.driver === "native" || !EngineError.is(error)) throw error;
    warn(`using the portable driver: ${error.message}`);
    return loadPortable(spec);
  }
  return nativeDriver.load(spec);
}

/** Imported only when used: it takes a third of a second. */
async function loadPortable(spec: RunnerSpec): Promise<DriverModel> {
  const { portableDriver } = await import("./portable/driver.ts");
  return portableDriver.load(spec);
}
