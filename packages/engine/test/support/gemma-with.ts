import { type GgufWriteEntry, readGguf } from "@puna/model-format/gguf";
import { afterAll } from "vitest";
import { openFileSource } from "../../src/file-source.ts";
import { rewriteHeader } from "../../src/rewrite-header.ts";
import { gemmaPath } from "./real-model.ts";

/** A copy of the real model with other metadata, which goes when the file's tests end; undefined where it is absent. */
export async function gemmaWith(set: readonly GgufWriteEntry[]): Promise<string | undefined> {
  const modelPath = gemmaPath();
  if (modelPath === undefined) return undefined;
  await using source = await openFileSource(modelPath);
  const copy = await rewriteHeader(modelPath, await readGguf(source), { set })();
  afterAll(() => copy[Symbol.asyncDispose]());
  return copy.path;
}
