import { CodedError, errorBrand } from "@puna/protocol/errors";

/**
 * - `BAD_REQUEST` (400), `UNAUTHORIZED` (401, 403), `NOT_FOUND` (404), `BUSY` (429, 503), `SERVER_ERROR` (other 5xx),
 *   `HTTP_ERROR` (the rest): the server answered with that status; the message is its own text.
 * - `CONNECTION_FAILED`: no answer at all; `cause` has the reason.
 * - `TIMEOUT`: a limit given to the client ran out.
 * - `STREAM_FAILED`: the server ended a stream with an error line; the message is its own text.
 * - `STREAM_CUT`: a stream ended before its last message.
 * - `INVALID_RESPONSE`: the answer is not what such a server sends.
 * - `INVALID_OUTPUT`: a model's text does not satisfy the schema given as `format`.
 * - `INVALID_INPUT`: an argument cannot be sent (host, schema, file).
 */
export type PunaErrorCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "NOT_FOUND"
  | "BUSY"
  | "SERVER_ERROR"
  | "HTTP_ERROR"
  | "CONNECTION_FAILED"
  | "TIMEOUT"
  | "STREAM_FAILED"
  | "STREAM_CUT"
  | "INVALID_RESPONSE"
  | "INVALID_OUTPUT"
  | "INVALID_INPUT";

const brand = errorBrand("PunaError");

/**
 * Every error of the client, but for aborts: those surface as the reason of the signal that caused them, by default
 * a `DOMException` named `AbortError`, as `fetch` does it.
 */
export class PunaError extends CodedError<PunaErrorCode> {
  static {
    brand.mark(PunaError);
  }
  static is(value: unknown): value is PunaError {
    return brand.has(value);
  }

  /** HTTP status, where there was one. */
  get status(): number | undefined {
    const { status } = this.details;
    return typeof status === "number" ? status : undefined;
  }

  /** Same as `status`, by the name it has in `ollama`. */
  get status_code(): number | undefined {
    return this.status;
  }

  /** Same as `message`, by the name it has in `ollama`. */
  get error(): string {
    return this.message;
  }
}

export function codeOfStatus(status: number): PunaErrorCode {
  if (status === 400) return "BAD_REQUEST";
  if (status === 401 || status === 403) return "UNAUTHORIZED";
  if (status === 404) return "NOT_FOUND";
  if (status === 429 || status === 503) return "BUSY";
  return status >= 500 ? "SERVER_ERROR" : "HTTP_ERROR";
}
