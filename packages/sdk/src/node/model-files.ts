import type { Dirent } from "node:fs";
import { open, readdir, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { PunaError } from "../errors.ts";

/** Kinds of weights, best first; a folder is taken for the first kind it has. */
const weights: readonly RegExp[] = [
  /^model.*\.safetensors$/,
  /^consolidated.*\.safetensors$/,
  /^pytorch_model.*\.bin$/,
  /^consolidated.*\.pth$/,
  /.*\.gguf$/,
  /.*\.bin$/,
];

const nestedWeights = /^model.*\.safetensors$/;
const companions = /\.json$|^chat_template\.jinja$|^tokenizer\.model$/;
const nestedCompanions = /\.json$|^tokenizer\.model$/;

/**
 * The files that make a model out of a folder: weights of one kind, and what belongs to them.
 * @throws PunaError `INVALID_INPUT` when there are none, when a link leaves the folder, or for Git LFS pointers
 */
export async function findModelFiles(folder: string): Promise<readonly string[]> {
  const root = await realpath(folder);
  const entries = await readdir(root, { withFileTypes: true });
  const names = entries.filter(isFile).map(({ name }) => name);
  const kind = weights.find((pattern) => names.some((name) => pattern.test(name)));
  if (kind === undefined) throw new PunaError("INVALID_INPUT", "no Modelfile or safetensors files found");

  const paths = names.filter((name) => kind.test(name) || companions.test(name));
  const isSafetensors = kind === weights[0];
  for (const { name } of entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))) {
    for (const nested of (await readdir(join(root, name), { withFileTypes: true })).filter(isFile)) {
      if (nestedCompanions.test(nested.name) || (isSafetensors && nestedWeights.test(nested.name))) {
        paths.push(join(name, nested.name));
      }
    }
  }
  return Promise.all([...new Set(paths)].sort().map((path) => checkFile(root, path)));
}

function isFile(entry: Dirent): boolean {
  return entry.isFile() || entry.isSymbolicLink();
}

async function checkFile(root: string, path: string): Promise<string> {
  const target = await realpath(join(root, path));
  const inside = relative(root, target);
  if (inside.startsWith("..") || inside.startsWith(sep)) {
    throw new PunaError("INVALID_INPUT", `insecure path: ${inside}`);
  }
  if (await isLfsPointer(target)) {
    throw new PunaError(
      "INVALID_INPUT",
      `${path} is only a Git LFS pointer; run \`git lfs pull\` in its folder first`,
    );
  }
  return target;
}

async function isLfsPointer(path: string): Promise<boolean> {
  const mark = "version https://git-lfs";
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(mark.length), 0, mark.length, 0);
  return buffer.toString("latin1", 0, bytesRead) === mark;
}
