/** What OpenSSL and Node call a certificate that does not convince. */
const certificateCodes =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|ERR_TLS_CERT_ALTNAME)/;
const mostCauses = 6;

/** The error and what led to it: `fetch` wraps the socket's error as a cause. */
export function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let current = error; current instanceof Error && chain.length < mostCauses; current = current.cause)
    chain.push(current);
  return chain;
}

/** The code of an error of Node, or of one of ours; empty where it has none. */
export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Whether a code says that a certificate is not trusted. */
export function isDistrust(code: string): boolean {
  return certificateCodes.test(code);
}
