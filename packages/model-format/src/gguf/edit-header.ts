import { GgufArray } from "./array.ts";
import type { Gguf } from "./header.ts";
import type { GgufEntry } from "./metadata.ts";
import { refuse } from "./refuse.ts";
import { encodeGgufHeader, type GgufWriteEntry } from "./write-gguf.ts";

/** Changes to a file's metadata: keys to put in, replacing their old value in its place, and keys to leave out. */
export interface GgufEdits {
  readonly set?: readonly GgufWriteEntry[];
  readonly remove?: readonly string[];
}

/**
 * A new header for an existing file: write it, then the old file's bytes from `gguf.dataOffset` on.
 * Arrays are copied as bytes, so that a large vocabulary is never decoded.
 * @throws GgufError rule `alignment` when an edit would move the tensors
 */
export async function editGgufHeader(gguf: Gguf, edits: GgufEdits): Promise<Uint8Array> {
  const set = new Map((edits.set ?? []).map((entry) => [entry.key, entry]));
  const removed = new Set(edits.remove ?? []);
  const alignmentEdit = set.get("general.alignment");
  const keepsAlignment =
    alignmentEdit === undefined || ("value" in alignmentEdit && alignmentEdit.value === gguf.alignment);
  if (!keepsAlignment || (removed.has("general.alignment") && gguf.alignment !== 32)) {
    refuse(
      "alignment",
      0,
      "an edit may not change general.alignment, on which the place of every tensor depends",
    );
  }
  const entries: GgufWriteEntry[] = [];
  for (const entry of gguf.metadata) {
    const replacement = set.get(entry.key);
    set.delete(entry.key);
    if (replacement !== undefined) entries.push(replacement);
    else if (!removed.has(entry.key)) entries.push(await toWriteEntry(entry));
  }
  entries.push(...set.values());
  return encodeGgufHeader({
    version: gguf.version,
    byteOrder: gguf.byteOrder,
    entries,
    tensors: gguf.tensors,
  });
}

async function toWriteEntry({ key, type, value }: GgufEntry): Promise<GgufWriteEntry> {
  if (value instanceof GgufArray) {
    const encoded = await value.toBytes();
    return { key, type: "array", elementType: value.elementType, encoded, length: value.length };
  }
  if (typeof value === "string") return { key, type: "string", value };
  if (typeof value === "boolean") return { key, type: "bool", value };
  if (type === "string" || type === "bool" || type === "array") {
    refuse("value-type", 0, `${key} says it is of type ${type} and holds a number`);
  }
  return { key, type, value };
}
