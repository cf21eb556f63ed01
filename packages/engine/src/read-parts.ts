import { basename, dirname, join } from "node:path";
import {
  type Gguf,
  type GgufTensor,
  joinSplitParts,
  parseSplitFileName,
  printSplitFileName,
  readGguf,
  splitOf,
} from "@puna/model-format/gguf";
import { EngineError } from "./errors.ts";
import { openFileSource } from "./file-source.ts";

export interface ModelParts {
  readonly sizeBytes: number;
  readonly tensors: readonly GgufTensor[];
  /** Paths of the other files of a sharded model, which llama.cpp opens by their names. */
  readonly siblings: readonly string[];
}

/**
 * Reads the other parts of a sharded model, too.
 * @param first  what the file at `modelPath` holds
 * @throws EngineError `LOAD_FAILED`, GgufError
 */
export async function readParts(modelPath: string, first: Gguf): Promise<ModelParts> {
  const split = splitOf(first.metadata);
  if (split === undefined) return { sizeBytes: first.sizeBytes, tensors: first.tensors, siblings: [] };
  const name = parseSplitFileName(basename(modelPath));
  if (split.index !== 0 || name?.index !== 0 || name.count !== split.count) {
    const text = `unable to load model: it is part ${split.index + 1} of ${split.count}; open the file whose name ends in ${printSplitFileName({ prefix: "", index: 0, count: split.count })}`;
    throw new EngineError("LOAD_FAILED", text);
  }
  const siblings = Array.from({ length: split.count - 1 }, (_, index) =>
    join(dirname(modelPath), printSplitFileName({ ...name, index: index + 1 })),
  );
  const others: Gguf[] = [];
  for (const path of siblings) {
    await using source = await openFileSource(path);
    others.push(await readGguf(source));
  }
  const tensors = joinSplitParts([first, ...others]).map(({ tensor }) => tensor);
  const sizeBytes = others.reduce((sum, part) => sum + part.sizeBytes, first.sizeBytes);
  return { sizeBytes, tensors, siblings };
}
