import { CodedError, errorBrand } from "@puna/protocol/errors";

const brand = errorBrand("EngineError");

export type EngineErrorCode =
  | "QUEUE_FULL"
  | "LOAD_FAILED"
  | "LOAD_TIMEOUT"
  | "OUT_OF_MEMORY"
  | "RUNNER_CRASHED"
  | "RUNNER_HUNG"
  | "PROTOCOL_MISMATCH"
  | "INVALID_REQUEST"
  | "INVALID_GRAMMAR"
  | "PROMPT_TOO_LONG"
  | "UNSUPPORTED"
  | "ABORTED"
  | "CLOSED"
  | "INTERNAL";

/** What went wrong between a request and its tokens; travels over IPC as `{code, message, details}`. */
export class EngineError extends CodedError<EngineErrorCode> {
  static {
    brand.mark(EngineError);
  }
  static is(value: unknown): value is EngineError {
    return brand.has(value);
  }
}
