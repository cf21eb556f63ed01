import { type Descriptor, type Manifest, mediaTypes, type NameParts } from "@puna/blob-store";
import { RegistryError } from "./errors.ts";
import type { RegistryApi } from "./http/registry-api.ts";

/** A set of GGUF parts in a Hugging Face repository. */
export interface ShardedModel {
  /** layers in the order of the parts; `name` is the file name, by which engines find the other parts */
  readonly layers: readonly Descriptor[];
  /** where the parts are downloaded: digest → URL */
  readonly urls: ReadonlyMap<string, URL>;
}

const hosts: readonly string[] = ["hf.co", "huggingface.co"];
const partPattern = /^(?:.*\/)?([^/]+)-(\d{5})-of-(\d{5})\.gguf$/;
/** What the Hub itself prefers when no tag is given. */
const preferredQuantizations: readonly string[] = ["Q4_K_M", "Q4_K_S", "Q4_0", "Q4_1", "Q8_0"];
const maxListingBytes = 16 * 1024 * 1024;

/** Whether an error is the Hub's refusal to serve a sharded GGUF by the registry protocol. */
export function isShardRefusal(
  error: unknown,
  host: string,
  huggingFaceHosts: readonly string[] = hosts,
): boolean {
  return (
    RegistryError.is(error) &&
    huggingFaceHosts.includes(host) &&
    error.details["status"] === 400 &&
    /shard/i.test(error.message)
  );
}

/** Whether some of these blobs are parts that the Hub keeps among a repository's files. */
export function hasShards(
  blobs: readonly Descriptor[],
  host: string,
  huggingFaceHosts: readonly string[] = hosts,
): boolean {
  return (
    huggingFaceHosts.includes(host) && blobs.some(({ name }) => name !== undefined && partPattern.test(name))
  );
}

/**
 * Finds the parts that a tag means, with the digests the Hub states for its large files. The registry side of the
 * Hub refuses sharded models, so they are taken from the files of the repository.
 * @throws RegistryError `NOT_FOUND` when the repository has no complete set for the tag
 */
export async function findShards(
  api: RegistryApi,
  name: NameParts,
  signal: AbortSignal,
): Promise<ShardedModel> {
  const repository = `${name.namespace}/${name.model}`;
  const url = api.siteUrl(`/api/models/${repository}/tree/main?recursive=true`);
  const response = await api.sendOrThrow({ method: "GET", url, signal, followRedirects: true });
  const files = readListing((await response.bytes(maxListingBytes)).toString("utf8"));
  const parts = chooseSet(files, name.tag);
  if (parts === undefined) {
    throw new RegistryError(
      "NOT_FOUND",
      `${repository} has no complete set of GGUF parts for the tag ${name.tag}`,
    );
  }
  return {
    layers: parts.map((part) => ({
      mediaType: mediaTypes.model,
      digest: part.digest,
      size: part.size,
      name: part.path.slice(part.path.lastIndexOf("/") + 1),
    })),
    urls: new Map(
      parts.map((part) => [
        part.digest,
        api.siteUrl(`/${repository}/resolve/main/${part.path.split("/").map(encodeURIComponent).join("/")}`),
      ]),
    ),
  };
}

/** Manifest for a set of parts; its config is written here, since the Hub has none. */
export function shardedManifest(
  shards: ShardedModel,
  config: { readonly digest: string; readonly size: number },
): Manifest {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: shards.layers,
  };
}

interface RepositoryFile {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
}

function readListing(text: string): readonly RepositoryFile[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value))
    throw new RegistryError("RESPONSE_INVALID", "The file list of the repository cannot be read");
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null || !("path" in entry && "lfs" in entry)) return [];
    const { path, lfs } = entry;
    if (typeof path !== "string" || typeof lfs !== "object" || lfs === null) return [];
    const oid = "oid" in lfs ? lfs.oid : undefined;
    const size = "size" in lfs ? lfs.size : undefined;
    const isUsable =
      typeof oid === "string" &&
      /^[0-9a-f]{64}$/.test(oid) &&
      typeof size === "number" &&
      Number.isSafeInteger(size) &&
      size > 0;
    return isUsable ? [{ path, digest: `sha256:${oid}`, size }] : [];
  });
}

/** The set whose name or folder holds the tag; for `latest` the one with the quantization the Hub prefers. */
function chooseSet(files: readonly RepositoryFile[], tag: string): readonly RepositoryFile[] | undefined {
  const sets = new Map<string, RepositoryFile[]>();
  for (const file of files) {
    const match = partPattern.exec(file.path);
    if (match === null) continue;
    const key = `${file.path.slice(0, file.path.lastIndexOf("-of-") - 6)} ${match[3]}`;
    sets.set(key, [...(sets.get(key) ?? []), file]);
  }
  const complete = [...sets.values()]
    .map((set) => set.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    .filter((set) => isComplete(set));
  const wanted = tag === "latest" ? preferredQuantizations : [tag];
  for (const quantization of wanted) {
    const found = complete.find(
      (set) => set[0] !== undefined && namesQuantization(set[0].path, quantization),
    );
    if (found !== undefined) return found;
  }
  return tag === "latest" ? complete[0] : undefined;
}

function isComplete(set: readonly RepositoryFile[]): boolean {
  const numbers = set.map((file) => Number(partPattern.exec(file.path)?.[2]));
  return (
    numbers.every((number, index) => number === index + 1) &&
    numbers.length === Number(partPattern.exec(set[0]?.path ?? "")?.[3])
  );
}

/** `Q4_K` must not mean `Q4_K_M`, so the tag has to stand between separators. */
function namesQuantization(path: string, quantization: string): boolean {
  const words = path
    .toLowerCase()
    .replace(/-\d{5}-of-\d{5}\.gguf$/, "")
    .split(/[/.]|-(?!\d{5})/);
  const joined = words.join("-");
  const wanted = quantization.toLowerCase();
  return words.includes(wanted) || `-${joined}-`.includes(`-${wanted}-`);
}
