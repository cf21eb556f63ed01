export { createEngine, type EngineOptions } from "./create-engine.ts";
export {
  createQuantizer,
  type QuantizeOptions,
  type Quantizer,
  type QuantizerOptions,
} from "./create-quantizer.ts";
export type * from "./engine.ts";
export { EngineError, type EngineErrorCode } from "./errors.ts";
export type { EngineDevice, EngineLibrary, EngineProbe } from "./ipc/messages.ts";
export type { Logger } from "./logger.ts";
export { totalMemory } from "./machine-memory.ts";
export { type ProbeOptions, probeEngine } from "./probe-engine.ts";
