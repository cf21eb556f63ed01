import type { CliContext } from "./context.ts";
import { CliError } from "./errors.ts";

/** The sentence a person reads for an error, in the words scripts already match on. */
export function describeError(error: Error, context: CliContext): string {
  const distrust = causesOf(error).find((cause) => certificateCodes.test(codeOf(cause)));
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
/** What OpenSSL and Node call a certificate that does not convince. */
const certificateCodes =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|ERR_TLS_CERT_ALTNAME)/;

/** The error and what led to it: `fetch` wraps the socket's error as a cause. */
function causesOf(error: Error): readonly Error[] {
  const chain: Error[] = [];
  for (let current: unknown = error; current instanceof Error && chain.length < 6; current = current.cause)
    chain.push(current);
  return chain;
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
