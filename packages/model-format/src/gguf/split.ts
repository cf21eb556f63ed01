import type { Gguf } from "./header.ts";
import type { GgufMetadata } from "./metadata.ts";
import { refuse } from "./refuse.ts";
import type { GgufTensor } from "./tensors.ts";

/** Place of a file in a split set. */
export interface GgufSplit {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** Tensors of all parts together. */
  readonly tensorCount: number;
}

/** Most parts a set may have; the format's file names have five digits, and its counter sixteen bits. */
const maxParts = 65_535;

/** The `split.*` keys, or undefined for a file that stands alone. @throws GgufError rule `split` */
export function splitOf(metadata: GgufMetadata): GgufSplit | undefined {
  const count = metadata.number("split.count");
  if (count === undefined || count <= 1) return undefined;
  const offset = metadata.entry("split.count")?.offset ?? 0;
  const index = metadata.number("split.no");
  const tensorCount = metadata.number("split.tensors.count");
  if (index === undefined || tensorCount === undefined) {
    refuse("split", offset, "split.count is there, but split.no or split.tensors.count is not");
  }
  if (!Number.isInteger(index) || index < 0 || index >= count || count > maxParts || tensorCount < 0) {
    refuse("split", offset, `part ${index} of ${count} with ${tensorCount} tensors is not possible`);
  }
  return { index, count, tensorCount };
}

export interface SplitFileName {
  readonly prefix: string;
  /** Counts from 0. */
  readonly index: number;
  readonly count: number;
}

/** Writes `name-00001-of-00003.gguf`. */
export function printSplitFileName({ prefix, index, count }: SplitFileName): string {
  const digits = (value: number) => String(value).padStart(5, "0");
  return `${prefix}-${digits(index + 1)}-of-${digits(count)}.gguf`;
}

/** Reads `name-00001-of-00003.gguf`. */
export function parseSplitFileName(fileName: string): SplitFileName | undefined {
  const match = /^(.+)-(\d{5})-of-(\d{5})\.gguf$/i.exec(fileName);
  const [, prefix, number, count] = match ?? [];
  if (prefix === undefined || Number(number) < 1 || Number(number) > Number(count)) return undefined;
  return { prefix, index: Number(number) - 1, count: Number(count) };
}

/**
 * Checks that parts, in order, make one whole model, and lists its tensors with the part each lies in.
 * @throws GgufError rule `split` or `duplicate-tensor`; the offset is that of the part's own `split.count`
 */
export function joinSplitParts(
  parts: readonly Gguf[],
): readonly { readonly part: number; readonly tensor: GgufTensor }[] {
  const first = parts[0] === undefined ? undefined : splitOf(parts[0].metadata);
  const names = new Set<string>();
  const tensors = parts.flatMap((part, index) => {
    const split = splitOf(part.metadata);
    const offset = part.metadata.entry("split.count")?.offset ?? 0;
    if (split === undefined || split.count !== parts.length || split.tensorCount !== first?.tensorCount) {
      refuse("split", offset, `file ${index + 1} does not belong to a set of ${parts.length} parts`);
    }
    if (split.index !== index)
      refuse("split", offset, `file ${index + 1} is part ${split.index + 1} of its set`);
    return part.tensors.map((tensor) => {
      if (names.has(tensor.name)) refuse("duplicate-tensor", offset, `tensor ${tensor.name} is in two parts`);
      names.add(tensor.name);
      return { part: index, tensor };
    });
  });
  if (first !== undefined && tensors.length !== first.tensorCount) {
    refuse("split", 0, `the parts have ${tensors.length} of ${first.tensorCount} tensors`);
  }
  return tensors;
}
