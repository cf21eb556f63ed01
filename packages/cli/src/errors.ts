import { CodedError, errorBrand } from "@puna/protocol/errors";

const brand = errorBrand("CliError");

/**
 * - `USAGE`: the command line is wrong: an unknown command or flag, a word too many or too few.
 * - `NO_SERVER`: no server answers, and none could be started.
 * - `NOT_FOUND`: no such model, file or tool.
 * - `INVALID_INPUT`: a file or value that was given cannot be used.
 * - `SERVER`: the server refused, or answered what cannot be; the message has its words.
 */
export type CliErrorCode = "USAGE" | "NO_SERVER" | "NOT_FOUND" | "INVALID_INPUT" | "SERVER";

/** What the command line reports as `Error: <message>`; every one ends with exit code 1. */
export class CliError extends CodedError<CliErrorCode> {
  static {
    brand.mark(CliError);
  }
  static is(value: unknown): value is CliError {
    return brand.has(value);
  }
}
