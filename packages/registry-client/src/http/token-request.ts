import { createHash } from "node:crypto";
import type { Challenge } from "./challenge.ts";

/** Signs with the key by which registries know this machine; `Identity` of `@puna/blob-store` is one. */
export interface Signer {
  readonly publicKey: string;
  sign(text: string): string;
}

const emptyBodyHash = Buffer.from(createHash("sha256").update("").digest("hex")).toString("base64");

/**
 * URL of a token for a challenge: service, each scope on its own, and, if the request is to be signed, time and
 * nonce against replay. Keys sorted and encoded as Go's `url.Values` does, since the signature covers the text.
 * @source ollama server/auth.go registryChallenge.URL
 */
export function tokenUrl(
  challenge: Challenge,
  stamp?: { readonly unixSeconds: number; readonly nonce: string },
): URL {
  const url = new URL(challenge.realm);
  const values: [string, string][] = [...url.searchParams];
  values.push(["service", challenge.service]);
  for (const scope of challenge.scope.split(" ")) values.push(["scope", scope]);
  if (stamp !== undefined) values.push(["ts", String(stamp.unixSeconds)], ["nonce", stamp.nonce]);
  values.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  url.search = values.map(([key, value]) => `${encodeQuery(key)}=${encodeQuery(value)}`).join("&");
  return url;
}

/** `Authorization` of a token request: public key and signature over method, URL and (empty) body. */
export function signTokenRequest(url: URL, signer: Signer): string {
  return `${signer.publicKey}:${signer.sign(`GET,${url.href},${emptyBodyHash}`)}`;
}

/** As Go's `url.QueryEscape`. Headers are bytes, read one to a character, so each character is one byte here. */
function encodeQuery(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "latin1")) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character)) encoded += character;
    else encoded += character === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
