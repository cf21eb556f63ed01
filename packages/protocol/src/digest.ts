import { ProtocolError } from "./protocol-error.ts";

const digestPattern = /^sha256[:-]([0-9a-fA-F]{64})$/;

/** A sha256 digest in its canonical form: `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

/**
 * Reads `sha256:<hex>` (wire) or `sha256-<hex>` (file name), hex in any case.
 * @returns the canonical form
 * @throws ProtocolError `INVALID_DIGEST`
 */
export function parseDigest(text: string): Digest {
  const digest = tryParseDigest(text);
  if (digest === undefined) throw new ProtocolError("INVALID_DIGEST", "invalid digest format");
  return digest;
}

/** As `parseDigest`, with undefined instead of an error. */
export function tryParseDigest(text: string): Digest | undefined {
  const hex = digestPattern.exec(text)?.[1];
  return hex === undefined ? undefined : `sha256:${hex.toLowerCase()}`;
}

/** The canonical digest of 64 hex digits, such as a hash function gives. @throws ProtocolError `INVALID_DIGEST` */
export function digestOfHex(hex: string): Digest {
  return parseDigest(`sha256:${hex}`);
}

/** The 64 hex digits alone. */
export function digestHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** Name of the digest's file in a blobs folder: `sha256-<hex>`; `:` is not allowed in file names everywhere. */
export function blobFileName(digest: Digest): string {
  return `sha256-${digestHex(digest)}`;
}
