import { EngineError, type EngineErrorCode } from "@puna/engine";
import { GgufError, OutputError, PromptError } from "@puna/model-format";
import { ProtocolError } from "@puna/protocol";
import { CodedError } from "@puna/protocol/errors";
import { ApiError, type ApiErrorCode } from "../errors.ts";

/** An error as clients get to see it. */
export interface ApiFailure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const apiStatus: Readonly<Record<ApiErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  STALLED: 408,
  TOO_MANY_REQUESTS: 429,
  // Nobody is there to read it; the access log shows it. The number is nginx's and Ollama's.
  CANCELED: 499,
  DEFECTIVE_MODEL: 500,
  INTERNAL: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
  UNAVAILABLE: 503,
};

const engineStatus: Readonly<Record<EngineErrorCode, number>> = {
  INVALID_REQUEST: 400,
  INVALID_GRAMMAR: 400,
  PROMPT_TOO_LONG: 400,
  ABORTED: 499,
  LOAD_FAILED: 500,
  RUNNER_CRASHED: 500,
  RUNNER_HUNG: 500,
  PROTOCOL_MISMATCH: 500,
  INTERNAL: 500,
  UNSUPPORTED: 501,
  QUEUE_FULL: 503,
  OUT_OF_MEMORY: 503,
  CLOSED: 503,
  LOAD_TIMEOUT: 504,
};

/** Ollama's words where its clients wait for them; ours are in the log. */
const engineMessages: Partial<Record<EngineErrorCode, string>> = {
  QUEUE_FULL: "server busy, please try again.  maximum pending requests exceeded",
  ABORTED: "request canceled",
};

/** Codes of the layers that are not told apart above. */
const otherStatus: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 401,
  SCHEMA_INVALID: 400,
  SCHEMA_UNSUPPORTED: 400,
  SCHEMA_UNSATISFIABLE: 400,
  PATTERN_INVALID: 400,
  PATTERN_UNSUPPORTED: 400,
  GRAMMAR_INVALID: 400,
  GRAMMAR_LIMIT: 400,
  UNREACHABLE: 502,
  STALLED: 504,
};

/** The only place where an error becomes a status. What nobody named is a defect: 500 and no details. */
export function toApiFailure(error: unknown): ApiFailure {
  if (ApiError.is(error)) return failure(apiStatus[error.code], error);
  if (EngineError.is(error)) {
    return {
      ...failure(engineStatus[error.code], error),
      message: engineMessages[error.code] ?? error.message,
    };
  }
  if (ProtocolError.is(error) || PromptError.is(error)) {
    return failure(PromptError.is(error) && error.code === "RENDERER_UNKNOWN" ? 500 : 400, error);
  }
  if (GgufError.is(error)) return failure(400, error);
  if (OutputError.is(error)) return failure(500, error);
  if (error instanceof CodedError) return failure(otherStatus[error.code] ?? 500, error);
  if (isAbort(error)) return { status: 499, code: "CANCELED", message: "request canceled" };
  return {
    status: 500,
    code: "INTERNAL",
    message: "internal error; the server's log has more under this request id",
  };
}

/** Whether the error only says that the client went away. */
export function isCanceled(error: unknown): boolean {
  return toApiFailure(error).status === 499;
}

function failure(status: number, error: CodedError): ApiFailure {
  return { status, code: error.code, message: error.message };
}

/** How Node names what happens to a request whose client hangs up, while its body is read or its reply sent. */
const hangUps: ReadonlySet<unknown> = new Set([
  "ABORT_ERR",
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "AbortError" || ("code" in error && hangUps.has(error.code))) return true;
  return error.message === "aborted" || isAbort(error.cause);
}
