import { CodedError, errorBrand } from "./errors.ts";

/**
 * - `INVALID_NAME`, `INVALID_REFERENCE`, `INVALID_DIGEST`, `INVALID_DURATION`, `INVALID_KEEP_ALIVE`: a word of the wire does not parse.
 * - `INVALID_OPTION`: an option has the wrong type or an unknown name; `OPTION_OUT_OF_RANGE`: no engine can honour its value.
 * - `INVALID_FORMAT`: `format` is neither `"json"` nor an object.
 * - `INVALID_MODELFILE`: the text is not a Modelfile, or a value in it has the wrong type; `details.line` where known.
 * - `LINE_TOO_LONG`, `INVALID_JSON`: a stream or body does not hold what it must.
 */
export type ProtocolErrorCode =
  | "INVALID_NAME"
  | "INVALID_REFERENCE"
  | "INVALID_DIGEST"
  | "INVALID_DURATION"
  | "INVALID_KEEP_ALIVE"
  | "INVALID_OPTION"
  | "OPTION_OUT_OF_RANGE"
  | "INVALID_FORMAT"
  | "INVALID_MODELFILE"
  | "LINE_TOO_LONG"
  | "INVALID_JSON";

const brand = errorBrand("ProtocolError");

/** Thrown by every parser of this package. Messages equal Ollama's where clients match on them. */
export class ProtocolError extends CodedError<ProtocolErrorCode> {
  static {
    brand.mark(ProtocolError);
  }
  static is(value: unknown): value is ProtocolError {
    return brand.has(value);
  }
}
