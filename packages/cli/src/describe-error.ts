import type { CliContext } from "./context.ts";
import { causesOf, codeOf, isDistrust } from "./error-causes.ts";
import { CliError } from "./errors.ts";

/** The sentence a person reads for an error, in the words scripts already match on. */
export function describeError(error: Error, context: CliContext): string {
  const distrust = causesOf(error).find((cause) => isDistrust(codeOf(cause)));
  if (distrust !== undefined) {
    return `the certificate of ${context.serverUrl ?? "the server"} is not trusted (${distrust.message}); if it is the right server, name the file of its certificate, or of who signed it, in NODE_EXTRA_CA_CERTS`;
  }
  if (!CliError.is(error) && causesOf(error).some((cause) => connectionCodes.has(codeOf(cause)))) {
    return `could not connect to ${context.binName} server, run '${context.binName} serve' to start it`;
  }
  return error.message;
}

/** Nobody listens, or the connection was refused. */
const connectionCodes = new Set(["CONNECTION_FAILED", "ECONNREFUSED", "ENOTFOUND", "ECONNRESET"]);
