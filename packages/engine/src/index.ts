export type * from "./engine.ts";
export { EngineError, type EngineErrorCode } from "./errors.ts";
