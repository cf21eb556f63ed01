import type { SamplingParameters } from "../engine.ts";
import { EngineError } from "../errors.ts";

/** Refuses values that samplers in C would not survive. @throws EngineError `INVALID_REQUEST` */
export function checkSampling(sampling: SamplingParameters): void {
  for (const [name, value] of Object.entries(sampling)) {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new EngineError("INVALID_REQUEST", `${name} must be a finite number`);
    }
  }
  if ((sampling.repeatPenalty ?? 1) <= 0) {
    throw new EngineError("INVALID_REQUEST", "repeatPenalty must be greater than 0; 1 switches it off");
  }
}
