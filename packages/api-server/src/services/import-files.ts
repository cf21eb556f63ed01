import { type Descriptor, mediaTypes } from "@puna/blob-store";
import { type Gguf, GgufError, kindOf, readGguf } from "@puna/model-format/gguf";
import { type ProgressResponse, tryParseDigest } from "@puna/protocol";
import type { Dependencies } from "../dependencies.ts";
import { ApiError, badRequest } from "../errors.ts";
import { fileSource } from "../models/file-source.ts";

/** A GGUF that was taken in as a layer. */
export interface ImportedFile {
  readonly layer: Descriptor;
  readonly gguf: Gguf;
}

/** What the files shall be; a model's own header may say that it is something else. */
type ImportKind = "model" | "adapter" | "draft";

const magic = "GGUF";

/**
 * Takes uploaded files in as layers: the model, and what belongs to it.
 * @param files  relative path → digest
 * @throws ApiError `BAD_REQUEST`, `NOT_IMPLEMENTED`
 */
export async function* importFiles(
  dependencies: Dependencies,
  files: Readonly<Record<string, string>>,
  as: ImportKind,
): AsyncGenerator<ProgressResponse, ImportedFile[]> {
  const names = Object.keys(files);
  if (names.some((name) => name.endsWith(".safetensors"))) {
    yield { status: as === "adapter" ? "converting adapter" : "converting model" };
    const config = as === "adapter" ? "adapter_config.json" : "config.json";
    if (!names.includes(config)) throw badRequest(`open ${config}: no such file or directory`);
    throw new ApiError(
      "NOT_IMPLEMENTED",
      "safetensors cannot be converted here; convert the model to GGUF and create it from that",
    );
  }
  if (names.length === 0 || !(await hasGguf(dependencies, files))) throw badRequest("unknown type");
  if (as === "adapter" && names.length > 1) throw badRequest("only one adapter is currently supported");
  const imported: ImportedFile[] = [];
  for (const digest of Object.values(files)) {
    yield { status: "parsing GGUF" };
    imported.push(await readFile(dependencies, digest, as));
  }
  // Once for each file; a draft is taken as it is.
  if (as !== "draft") for (const _ of imported) yield { status: "verifying conversion" };
  return imported;
}

async function hasGguf({ store }: Dependencies, files: Readonly<Record<string, string>>): Promise<boolean> {
  for (const [name, digest] of Object.entries(files)) {
    if (name.endsWith(".gguf")) return true;
    if (tryParseDigest(digest) === undefined || !(await store.blobs.has(digest))) continue;
    await using handle = await store.blobs.open(digest);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    if (buffer.toString("latin1", 0, bytesRead) === magic) return true;
  }
  return false;
}

async function readFile({ store }: Dependencies, text: string, as: ImportKind): Promise<ImportedFile> {
  const digest = tryParseDigest(text);
  if (digest === undefined) throw badRequest("invalid digest format");
  const path = store.blobs.path(digest);
  const size = await store.blobs.size(digest);
  if (size === undefined) throw badRequest(`open ${path}: no such file or directory`);
  const gguf = await readOrRefuse(path);
  const kind = as === "model" ? kindOf(gguf.metadata) : as;
  return { gguf, layer: { mediaType: mediaTypes[kind], digest, size } };
}

async function readOrRefuse(path: string): Promise<Gguf> {
  try {
    return await readGguf(await fileSource(path));
  } catch (error) {
    if (!GgufError.is(error)) throw error;
    // Files of another kind get Ollama's words; broken GGUF files get the reader's, which say what is broken.
    const { rule, offset } = error.details;
    const isOther = rule === "magic" || (rule === "truncated" && offset === 0);
    throw isOther
      ? badRequest("supplied file was not in GGUF format", error)
      : badRequest(error.message, error);
  }
}
