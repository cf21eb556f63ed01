import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { editGgufHeader, type Gguf, type GgufWriteEntry, readGguf } from "@puna/model-format/gguf";
import { openFileSource } from "./file-source.ts";

export interface RewrittenModel extends AsyncDisposable {
  readonly path: string;
}

export interface RewriteOptions {
  readonly set: readonly GgufWriteEntry[];
  /** Other parts of a sharded model, which stay as they are. */
  readonly siblings?: readonly string[];
}

/** A function that copies a model with other metadata into a temporary file, which disposing removes. */
export function rewriteHeader(
  modelPath: string,
  known: Gguf,
  { set, siblings = [] }: RewriteOptions,
): () => Promise<RewrittenModel> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "puna-model-"));
    // llama.cpp finds the other parts of a sharded model beside it, by their names.
    const path = join(folder, basename(modelPath));
    const remove = () => rm(folder, { recursive: true, force: true });
    try {
      for (const sibling of siblings) await symlink(sibling, join(folder, basename(sibling)));
      await using target = await open(path, "wx");
      await using source = await openFileSource(modelPath);
      // The header is read again: arrays of the first reading belong to a file that is closed.
      await target.write(await editGgufHeader(await readGguf(source), { set }));
      for await (const chunk of createReadStream(modelPath, {
        start: known.dataOffset,
        highWaterMark: 1 << 20,
      })) {
        await target.write(chunk);
      }
      await target.sync();
    } catch (error) {
      await remove();
      throw error;
    }
    return { path, [Symbol.asyncDispose]: remove };
  };
}
