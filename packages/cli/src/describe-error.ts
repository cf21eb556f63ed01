import type { CliContext } from "./context.ts";
import { CliError } from "./errors.ts";

/** The sentence a person reads for an error, in the words scripts already match on. */
export function describeError(error: Error, context: CliContext): string {
  if (!CliError.is(error) && isConnectionFailure(error)) {
    return `could not connect to ${context.binName} server, run '${context.binName} serve' to start it`;
  }
  return error.message;
}

/** Nobody listens, or the connection was refused: `fetch` wraps the socket's error as a cause. */
function isConnectionFailure(error: unknown): boolean {
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    const code = "code" in current ? current.code : undefined;
    if (
      code === "CONNECTION_FAILED" ||
      code === "ECONNREFUSED" ||
      code === "ENOTFOUND" ||
      code === "ECONNRESET"
    )
      return true;
    current = current.cause;
  }
  return false;
}
