import { createHash } from "node:crypto";
import { type Manifest, maxManifestBytes, mediaTypes, parseManifest, StoreError } from "@puna/blob-store";
import { RegistryError } from "./errors.ts";
import type { HttpResponse } from "./http/http-transport.ts";
import { errorOf, type RegistryApi } from "./http/registry-api.ts";
import { backoffMs, mayPass, pause, type RetryPolicy } from "./http/retry.ts";

export interface FetchedManifest {
  readonly manifest: Manifest;
  /** as the registry sent it; kept so, because the digest of a model is that of these bytes */
  readonly bytes: Buffer;
}

const ociTypes = `${mediaTypes.manifest}, ${mediaTypes.ociManifest}, ${mediaTypes.ociIndex}, ${mediaTypes.dockerIndex}`;

/**
 * Fetches the manifest of a tag. Of an index that holds exactly one usable manifest, that one.
 * @throws RegistryError `NOT_FOUND`, `MANIFEST_INVALID`, `REFUSED_BY_REGISTRY` …, with Ollama's text
 */
export async function fetchManifest(
  api: RegistryApi,
  reference: string,
  options: { readonly retry: RetryPolicy; readonly signal: AbortSignal },
): Promise<FetchedManifest> {
  try {
    return await fetchUsable(api, reference, options);
  } catch (error) {
    if (RegistryError.is(error)) {
      throw new RegistryError(error.code, `pull model manifest: ${error.message}`, {
        cause: error,
        details: error.details,
      });
    }
    throw error;
  }
}

async function fetchUsable(
  api: RegistryApi,
  reference: string,
  options: { readonly retry: RetryPolicy; readonly signal: AbortSignal },
): Promise<FetchedManifest> {
  const bytes = await fetchBytes(api, reference, options);
  const inner = onlyManifestOf(bytes);
  if (inner === undefined) return { manifest: parse(bytes), bytes };
  const innerBytes = await fetchBytes(api, inner, options);
  const digest = `sha256:${createHash("sha256").update(innerBytes).digest("hex")}`;
  if (digest !== inner) throw invalid(`the registry answered ${inner} with a manifest of digest ${digest}`);
  return { manifest: parse(innerBytes), bytes: innerBytes };
}

async function fetchBytes(
  api: RegistryApi,
  reference: string,
  { retry, signal }: { readonly retry: RetryPolicy; readonly signal: AbortSignal },
): Promise<Buffer> {
  let accept: string = mediaTypes.manifest;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const url = api.manifestUrl(reference);
      const response = await api.send({
        method: "GET",
        url,
        headers: { accept },
        signal,
        followRedirects: true,
      });
      if (response.status === 404 && accept === mediaTypes.manifest && (await speaksOfOci(response))) {
        accept = ociTypes;
        continue;
      }
      if (response.status >= 400) throw await errorOf(response);
      const bytes = await response.bytes(maxManifestBytes);
      checkDigestHeader(response, bytes);
      return bytes;
    } catch (error) {
      signal.throwIfAborted();
      // A registry that answered with 500 has answered; a lost connection, 429 and 503 may pass.
      const status = RegistryError.is(error) ? error.details["status"] : undefined;
      if (!mayPass(error) || status === 500 || attempt >= Math.min(retry.attempts, 3)) throw error;
      await pause(backoffMs(attempt, retry), signal);
    }
  }
}

/** A registry that keeps OCI manifests says so when asked for Docker's kind only. */
async function speaksOfOci(response: HttpResponse): Promise<boolean> {
  const body = await response.bytes(16 * 1024).catch(() => Buffer.alloc(0));
  return /\boci\b/i.test(body.toString("utf8"));
}

function checkDigestHeader(response: HttpResponse, bytes: Buffer): void {
  const stated = response.headers["docker-content-digest"];
  if (stated === undefined || !stated.startsWith("sha256:")) return;
  const actual = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (actual !== stated) throw invalid(`it has digest ${actual}, but the registry says ${stated}`);
}

/** Digest of the one manifest in an index, attestations left out. */
function onlyManifestOf(bytes: Buffer): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
  if (
    typeof value !== "object" ||
    value === null ||
    !("manifests" in value) ||
    !Array.isArray(value.manifests)
  )
    return undefined;
  const digests: string[] = [];
  for (const entry of value.manifests) {
    if (typeof entry !== "object" || entry === null || "annotations" in entry === false) {
      if (typeof entry?.digest === "string") digests.push(entry.digest);
      continue;
    }
    const isAttestation = JSON.stringify(entry.annotations).includes("vnd.docker.reference.type");
    if (!isAttestation && typeof entry.digest === "string") digests.push(entry.digest);
  }
  const [only, ...others] = digests;
  return others.length === 0 && only !== undefined && /^sha256:[0-9a-f]{64}$/.test(only) ? only : undefined;
}

function parse(bytes: Buffer): Manifest {
  try {
    return parseManifest(bytes);
  } catch (error) {
    if (StoreError.is(error)) throw new RegistryError("MANIFEST_INVALID", error.message, { cause: error });
    throw error;
  }
}

function invalid(what: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", `The manifest cannot be used: ${what}`);
}
