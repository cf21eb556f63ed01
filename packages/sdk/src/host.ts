import { PunaError } from "./errors.ts";

export const defaultHost = "http://127.0.0.1:11434";

/**
 * Completes an address: `""`, `:11435`, `example.com`, `https://example.com/path`. Without a scheme it is plain HTTP
 * on port 11434, with one the scheme's own port. A path and credentials stay.
 * @throws PunaError `INVALID_INPUT`
 */
export function resolveHost(host: string): string {
  if (host === "") return defaultHost;
  const hasScheme = host.includes("://");
  const url = parse(hasScheme ? host : `http://${host.startsWith(":") ? `127.0.0.1${host}` : host}`, host);
  const isPlain = url.protocol === "http:";
  if (!isPlain && url.protocol !== "https:") throw invalidHost(host);
  // A port that equals the scheme's own is dropped by URL, so that `example.com:80` has to be told from `example.com`.
  const saysDefaultPort = /:(80|443)(\/|$)/.test(host);
  const port = url.port || (hasScheme || saysDefaultPort ? (isPlain ? "80" : "443") : "11434");
  const credentials =
    url.username === "" ? "" : `${url.username}${url.password === "" ? "" : `:${url.password}`}@`;
  return `${url.protocol}//${credentials}${url.hostname}:${port}${url.pathname}`.replace(/\/$/, "");
}

function parse(text: string, host: string): URL {
  try {
    return new URL(text);
  } catch {
    throw invalidHost(host);
  }
}

function invalidHost(host: string): PunaError {
  return new PunaError("INVALID_INPUT", `"${withoutCredentials(host)}" is not the address of a server`);
}

/** For messages: passwords stay out of them. */
export function withoutCredentials(host: string): string {
  return host.replace(/\/\/[^/@]*@/, "//");
}
