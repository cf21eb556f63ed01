import { CodedError, errorBrand } from "@puna/protocol/errors";

const brand = errorBrand("CliError");

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
