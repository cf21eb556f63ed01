import { type Descriptor, type Manifest, mediaTypes, type NameParts } from "@puna/blob-store";
import { RegistryError } from "./errors.ts";
import type { RegistryApi } from "./http/registry-api.ts";

/** A set of GGUF parts in a Hugging Face repository. */
export interface ShardedModel {
  /** layers in the order of the parts, then the projector if there is one; `name` is the file name, by which engines find the other parts */
  readonly layers: readonly Descriptor[];
  /** where the parts are downloaded: digest → URL */
  readonly urls: ReadonlyMap<string, URL>;
}

const hosts: readonly string[] = ["hf.co", "huggingface.co"];
const partPattern = /^(?:.*\/)?([^/]+)-(\d{5})-of-(\d{5})\.gguf$/;
/** How projectors, which let a model see and hear, are called beside its files. */
const projectorPattern = /(?:^|\/)[^/]*mmproj[^/]*\.gguf$/i;
/** Projectors are small, and lose more by quantization than models do. */
const preferredProjectors: readonly RegExp[] = [
  /(?<![a-z])f16/i,
  /(?<![a-z])bf16/i,
  /(?<![a-z])f32/i,
  /q8_0/i,
];
/** What the Hub itself prefers when no tag is given. */
const preferredQuantizations: readonly string[] = ["Q4_K_M", "Q4_K_S", "Q4_0", "Q4_1", "Q8_0"];
/** A thousand files each. */
const maxPages = 100;
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
    huggingFaceHosts.includes(host) &&
    blobs.some(({ name }) => name !== undefined && (partPattern.test(name) || projectorPattern.test(name)))
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
  const files = await listFiles(
    api,
    api.siteUrl(`/api/models/${repository}/tree/main?recursive=true`),
    signal,
  );
  const parts = chooseSet(files, name.tag);
  if (parts === undefined) {
    throw new RegistryError(
      "NOT_FOUND",
      `${repository} has no complete set of GGUF parts for the tag ${name.tag}`,
    );
  }
  const projector = chooseProjector(files, parts[0]?.path ?? "");
  const all = projector === undefined ? parts : [...parts, projector];
  return {
    layers: all.map((part) => ({
      mediaType: part === projector ? mediaTypes.projector : mediaTypes.model,
      digest: part.digest,
      size: part.size,
      name: part.path.slice(part.path.lastIndexOf("/") + 1),
    })),
    urls: new Map(
      all.map((part) => [
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

/** Large repositories are listed in pages, each of which names the next in a `Link` header. */
async function listFiles(
  api: RegistryApi,
  first: URL,
  signal: AbortSignal,
): Promise<readonly RepositoryFile[]> {
  const files: RepositoryFile[] = [];
  let url: URL | null = first;
  for (let page = 0; page < maxPages && url !== null; page += 1) {
    const response = await api.sendOrThrow({ method: "GET", url, signal, followRedirects: true });
    files.push(...readListing((await response.bytes(maxListingBytes)).toString("utf8")));
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers["link"] ?? "")?.[1];
    url = next === undefined ? null : URL.parse(next, response.url.href);
    // The listing goes on where it began, or not at all.
    if (url !== null && url.origin !== first.origin) url = null;
  }
  return files;
}

/** What to do about a refusal of the Hub, which itself says only that it refuses. */
export function adviseOnAccess(
  error: unknown,
  host: string,
  huggingFaceHosts: readonly string[] = hosts,
): unknown {
  if (!huggingFaceHosts.includes(host) || !RegistryError.is(error)) return error;
  const { status } = error.details;
  if (error.code !== "UNAUTHORIZED" && status !== 401 && status !== 403) return error;
  return new RegistryError(
    "UNAUTHORIZED",
    `${error.message}; for a gated model ask for access on its page, and add the public key of this machine (id_ed25519.pub) to the SSH keys of your Hugging Face account`,
    { cause: error, details: error.details },
  );
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

/** The set whose name or folder holds the tag, or that has a part of that name; for `latest` the one with the quantization the Hub prefers. */
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
    const matching = complete.filter((set) => namesQuantization(set[0]?.path ?? "", quantization));
    // `Q4_K_M` means the plain set, also where there is one called `UD-Q4_K_M`.
    const [found] = matching.toSorted((a, b) => (a[0]?.path.length ?? 0) - (b[0]?.path.length ?? 0));
    if (found !== undefined) return found;
  }
  return tag === "latest" ? complete[0] : undefined;
}

/** The projector beside a set or in a folder above it, the nearest first. */
function chooseProjector(files: readonly RepositoryFile[], partPath: string): RepositoryFile | undefined {
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
  const rank = ({ path }: RepositoryFile) => {
    const preferred = preferredProjectors.findIndex((pattern) => pattern.test(path));
    return preferred === -1 ? preferredProjectors.length : preferred;
  };
  return files
    .filter(({ path }) => projectorPattern.test(path) && partPath.startsWith(folderOf(path)))
    .toSorted(
      (a, b) =>
        folderOf(b.path).length - folderOf(a.path).length ||
        rank(a) - rank(b) ||
        a.path.length - b.path.length,
    )[0];
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
  // A tag may also be the name of a file.
  const wanted = quantization
    .toLowerCase()
    .replace(/(-\d{5}-of-\d{5})?\.gguf$/, "")
    .replaceAll(".", "-");
  return words.includes(wanted) || `-${joined}-`.includes(`-${wanted}-`);
}
