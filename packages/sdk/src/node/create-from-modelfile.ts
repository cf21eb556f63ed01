import { realpath, stat } from "node:fs/promises";
import { basename, dirname, relative, sep } from "node:path";
import type { CreateRequest, ProgressResponse } from "@puna/protocol";
import { parseModelfile, type ResolvedFiles, toCreateRequest } from "@puna/protocol/modelfile";
import type { Puna } from "../client.ts";
import { PunaError } from "../errors.ts";
import { expandPath } from "./expand-path.ts";
import { hashFile } from "./hash-file.ts";
import { findModelFiles } from "./model-files.ts";
import { uploadBlob } from "./upload-blob.ts";
import { withProgress } from "./with-progress.ts";

/** The model to make, the Modelfile that says of what, and the folder it speaks of. */
export interface CreateFromModelfileOptions {
  /** Name of the new model. */
  readonly model: string;
  /** Its content: text, or bytes in UTF-8 or UTF-16. */
  readonly modelfile: string | Uint8Array;
  /** Where it lies: relative paths in it start there. */
  readonly directory: string;
  /** What `~` means; by default the home of this process's user. */
  readonly home?: string | undefined;
  /** Type of number to store the weights in, such as `Q4_K_M`. */
  readonly quantize?: string | undefined;
  /** The same for the weights of the draft model. */
  readonly draftQuantize?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of parameters that are dropped. */
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/**
 * Makes a model from a Modelfile, as `puna create` does: hashes the files it names, sends those the server lacks,
 * and creates.
 * @returns progress in the server's form: `gathering model components`, `hashing NAME`, `copying file DIGEST` (bytes
 *   completed of total), then what the server says
 * @throws ProtocolError for the Modelfile, PunaError for files and server
 */
export async function* createFromModelfile(
  client: Puna,
  options: CreateFromModelfileOptions,
): AsyncGenerator<ProgressResponse, void, undefined> {
  const { model, modelfile, directory, home, signal } = options;
  const file = parseModelfile(modelfile);
  yield { status: "gathering model components" };

  const plan = yield* withProgress((report) =>
    toCreateRequest(file, async (path) => {
      const location = await expandPath(path, directory, home);
      return resolveFiles(location, async (filePath, size) =>
        hashFile(filePath, {
          signal,
          onProgress: (completed) => report(`hashing ${basename(filePath)}`, size, completed),
        }),
      );
    }),
  );
  for (const warning of plan.warnings) options.onWarning?.(warning);

  const { files, draft_files, adapters, ...rest } = plan.request;
  for (const [path, digest] of Object.entries({ ...files, ...draft_files, ...adapters })) {
    const { size } = await stat(path);
    yield* withProgress((report) =>
      uploadBlob(client, path, digest, {
        signal,
        onProgress: (completed) => report(`copying file ${digest}`, size, completed, digest),
      }),
    );
    yield { status: `copying file ${digest}`, digest, total: size, completed: size };
  }

  const request = {
    ...rest,
    ...(files && { files: belowCommonFolder(files) }),
    ...(draft_files && { draft_files: belowCommonFolder(draft_files) }),
    ...(adapters && { adapters: belowCommonFolder(adapters) }),
    ...(options.quantize && { quantize: options.quantize }),
    ...(options.draftQuantize && { draft_quantize: options.draftQuantize }),
  } satisfies CreateRequest;
  yield* await client.create({ ...request, model, stream: true }, { signal });
}

/** @returns undefined when nothing lies there */
async function resolveFiles(
  location: string,
  hash: (path: string, sizeBytes: number) => Promise<string>,
): Promise<ResolvedFiles | undefined> {
  const found = await stat(location).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined;
    throw new PunaError("INVALID_INPUT", `Cannot read ${location}`, { cause });
  });
  if (found === undefined) return undefined;
  const paths = found.isDirectory() ? await findModelFiles(location) : [location];
  const files: Record<string, string> = {};
  for (const path of paths) files[path] = await hash(path, (await stat(path)).size);
  // Two links to one file are one place.
  return { location: await realpath(location), files };
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  // A name such as `hf.co/org/repo:tag` may run through a file, or be longer than paths may be.
  return error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "ENAMETOOLONG";
}

/** Names the server sees: relative to the folder that holds all of them, with `/`. */
function belowCommonFolder(files: Readonly<Record<string, string>>): Record<string, string> {
  const paths = Object.keys(files);
  let common = dirname(paths[0] ?? "");
  while (!paths.every((path) => path.startsWith(common.endsWith(sep) ? common : common + sep)))
    common = dirname(common);
  return Object.fromEntries(
    Object.entries(files).map(([path, digest]) => [relative(common, path).split(sep).join("/"), digest]),
  );
}
