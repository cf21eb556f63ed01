import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { checkServerIdentity, type PeerCertificate, rootCertificates } from "node:tls";
import { CliError } from "@puna/cli";

/**
 * `fetch` for a server of this machine: trusts the certificate that the server itself was given, though nobody else
 * signed it and whatever names stand in it, beside those that everybody trusts.
 * @param file  PEM, the server's own certificate first
 * @throws CliError `INVALID_INPUT` from the returned function where the file cannot be read
 */
export function trustingFetch(file: string): typeof fetch {
  let ready: Promise<typeof fetch> | undefined;
  return async (input, init) => {
    ready ??= load(file);
    return (await ready)(input, init);
  };
}

async function load(file: string): Promise<typeof fetch> {
  const own = await readCertificate(file);
  // Loaded here, since few need it and it takes as long as all the rest of a command.
  const { Agent, fetch: fetchWith } = await import("undici");
  const dispatcher = new Agent({
    // An answer may be long in coming: a model is loaded first.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      ca: [own.toString(), ...rootCertificates],
      // It need not be its own issuer.
      allowPartialTrustChain: true,
      checkServerIdentity: (host: string, found: PeerCertificate) =>
        found.fingerprint256 === own.fingerprint256 ? undefined : checkServerIdentity(host, found),
    },
  });
  // The same function by the same standard; undici only declares types of its own for it.
  const send = fetchWith as unknown as (input: unknown, init: object) => Promise<Response>;
  return (input, init) => send(input, { ...init, dispatcher });
}

async function readCertificate(file: string): Promise<X509Certificate> {
  try {
    return new X509Certificate(await readFile(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("INVALID_INPUT", `the certificate in PUNA_TLS_CERT cannot be read: ${reason}`, {
      cause,
    });
  }
}
