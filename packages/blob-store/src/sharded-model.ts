import { link, readdir, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { StoreContext } from "./context.ts";
import { ensureFolder, listFolder } from "./durable-files.ts";
import { isErrno } from "./errno.ts";
import { StoreError } from "./errors.ts";
import type { StoredManifest } from "./manifests/manifest.ts";
import { mediaTypes } from "./manifests/media-types.ts";
import type { BlobStore } from "./store.ts";

const shardPattern = /^(.+)-(\d{5})-of-(\d{5})\.gguf$/;

/**
 * Files to import for a path: the file itself, all shards of the set it belongs to, or the GGUF files of a folder.
 * @throws StoreError `SOURCE_REFUSED` for safetensors folders, folders without GGUF, and incomplete sets
 */
export async function findModelFiles(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return await findInFolder(path);
  if (found?.isFile() !== true) throw refused(`${path} is not a readable plain file; name a GGUF file`);
  if (path.endsWith(".safetensors")) throw safetensorsRefused(path);
  return await completeSet(path);
}

/**
 * The path an engine opens for a model. A set of shards is laid out under its file names, by hard links, beside
 * the store: engines find the other shards by name.
 * @returns undefined when the model has no weights (a stub of a remote one)
 */
export async function modelFile(
  context: StoreContext,
  blobs: BlobStore,
  { manifest, digest }: StoredManifest,
): Promise<string | undefined> {
  const layers = manifest.layers.filter((layer) => layer.mediaType === mediaTypes.model);
  const [first] = layers;
  if (first === undefined) return undefined;
  const shards = layers.filter(
    (layer) => layer.name !== undefined && shardPattern.test(basename(layer.name)),
  );
  if (shards.length < 2) return blobs.path(first.digest);
  const folder = join(context.layout.shardsDir, digest);
  await ensureFolder(folder);
  const paths: string[] = [];
  for (const shard of shards) {
    // Only the last part of the name, which matches the pattern: nothing outside the folder can be meant.
    const target = join(folder, basename(shard.name ?? ""));
    await linkOnce(blobs.path(shard.digest), target);
    paths.push(target);
  }
  return paths.toSorted()[0];
}

/** Removes the layouts of models that are gone: their links would keep the disk space of removed blobs. */
export async function sweepShards(
  context: StoreContext,
  liveManifestDigests: ReadonlySet<string>,
): Promise<void> {
  for (const digest of await listFolder(context.layout.shardsDir)) {
    if (!liveManifestDigests.has(digest))
      await rm(join(context.layout.shardsDir, digest), { recursive: true, force: true });
  }
}

async function linkOnce(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (isErrno(error, "EEXIST")) return;
    if (!isErrno(error, "EXDEV", "EPERM", "ENOTSUP", "EMLINK")) throw error;
    await symlink(source, target).catch((symlinkError: unknown) => {
      if (!isErrno(symlinkError, "EEXIST")) throw symlinkError;
    });
  }
}

async function findInFolder(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).toSorted();
  const weights = names.filter((name) => name.endsWith(".gguf"));
  if (weights.length > 0) return weights.map((name) => join(folder, name));
  if (names.some((name) => name.endsWith(".safetensors"))) throw safetensorsRefused(folder);
  throw refused(`${folder} holds no GGUF file`);
}

async function completeSet(path: string): Promise<readonly string[]> {
  const match = shardPattern.exec(basename(path));
  if (match === null) return [path];
  const [, stem = "", , total = "0"] = match;
  const count = Number(total);
  const names = new Set(await readdir(dirname(path)));
  const paths: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    const name = `${stem}-${String(number).padStart(5, "0")}-of-${total}.gguf`;
    if (!names.has(name))
      throw refused(`${path} is one of ${count} parts, and ${name} is not beside it; fetch it too`);
    paths.push(join(dirname(path), name));
  }
  return paths;
}

function safetensorsRefused(path: string): StoreError {
  return refused(
    `${path} holds safetensors weights, which are not imported; convert them with llama.cpp's convert_hf_to_gguf.py and import the GGUF file it writes`,
  );
}

function refused(message: string): StoreError {
  return new StoreError("SOURCE_REFUSED", message);
}
