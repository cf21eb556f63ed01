import type { RunnerSpec } from "../ipc/messages.ts";
import type { DriverModel } from "../runner-child/driver.ts";
import { portableDriver } from "./portable/driver.ts";

/** Loads a model with the driver the spec asks for. */
export async function loadModel(spec: RunnerSpec): Promise<DriverModel> {
  return portableDriver.load(spec);
}
