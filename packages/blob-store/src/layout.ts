import { join } from "node:path";
import { blobFileName, type Digest, digestHex, ModelName, tryParseDigest } from "@puna/protocol";
import { StoreError } from "./errors.ts";
import type { NameParts } from "./manifests/manifest.ts";

/**
 * Every path of a store. `blobs/` and `manifests/` are shared with Ollama; `.puna/` is ours alone, because
 * Ollama deletes whatever it does not know from `blobs/`.
 */
export interface StoreLayout {
  readonly modelsDir: string;
  readonly blobsDir: string;
  readonly manifestsDir: string;
  /** blobs of known digest on their way in, with their journals */
  readonly stagingDir: string;
  /** files of unknown digest on their way in */
  readonly incomingDir: string;
  readonly locksDir: string;
  readonly leasesDir: string;
  /** blobs that wait for their manifest */
  readonly reservationsDir: string;
  readonly ownersDir: string;
  readonly shardsDir: string;
  /** where unfinished uploads stand */
  readonly uploadsDir: string;
  readonly digestCacheFile: string;
  /** what servers found out about models, by digest of their manifests; theirs to read and write */
  readonly modelFactsFile: string;
  blob(digest: string): string;
  staged(digest: string): string;
  journal(digest: string): string;
  /** data file of an unfinished download of Ollama's; its part records carry `-<n>` after this name */
  foreignPartial(digest: string): string;
  manifest(name: NameParts): string;
}

/** Computes the paths below a models folder; touches no files. */
export function createLayout(modelsDir: string): StoreLayout {
  const blobsDir = join(modelsDir, "blobs");
  const manifestsDir = join(modelsDir, "manifests");
  const privateDir = join(modelsDir, ".puna");
  const stagingDir = join(privateDir, "staging");
  return {
    modelsDir,
    blobsDir,
    manifestsDir,
    stagingDir,
    incomingDir: join(privateDir, "incoming"),
    locksDir: join(privateDir, "locks"),
    leasesDir: join(privateDir, "leases"),
    reservationsDir: join(privateDir, "reserved"),
    ownersDir: join(privateDir, "owners"),
    shardsDir: join(privateDir, "shards"),
    uploadsDir: join(privateDir, "uploads"),
    digestCacheFile: join(privateDir, "digests.json"),
    modelFactsFile: join(privateDir, "model-facts.json"),
    blob: (digest) => join(blobsDir, blobFileName(checkDigest(digest))),
    staged: (digest) => join(stagingDir, digestHex(checkDigest(digest))),
    journal: (digest) => join(stagingDir, `${digestHex(checkDigest(digest))}.ranges`),
    foreignPartial: (digest) => join(blobsDir, `${blobFileName(checkDigest(digest))}-partial`),
    manifest: (name) => join(manifestsDir, ...manifestPathParts(name)),
  };
}

/** @throws StoreError `INVALID_DIGEST`; the one gate between a digest from outside and a path */
export function checkDigest(text: string): Digest {
  const digest = tryParseDigest(text);
  if (digest === undefined) throw new StoreError("INVALID_DIGEST", "invalid digest format");
  return digest;
}

function manifestPathParts(name: NameParts): readonly string[] {
  const checked = new ModelName(name);
  if (!checked.isValid()) throw new StoreError("INVALID_NAME", "invalid model name");
  return checked.manifestPathParts;
}
