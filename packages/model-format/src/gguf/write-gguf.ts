import { ByteWriter } from "./byte-writer.ts";
import { refuse } from "./refuse.ts";
import { tensorTypeByName } from "./tensor-types.ts";
import { type GgufNumberType, ggufValueTypes } from "./value-types.ts";

/** A key and value to write. `encoded` elements are copied as they are: bytes of an array in the same file format. */
export type GgufWriteEntry = { readonly key: string } & (
  | { readonly type: GgufNumberType; readonly value: number | bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | {
      readonly type: "array";
      readonly elementType: GgufNumberType;
      readonly value: Iterable<number | bigint> & { readonly length: number };
    }
  | { readonly type: "array"; readonly elementType: "string"; readonly value: readonly string[] }
  | { readonly type: "array"; readonly elementType: "bool"; readonly value: readonly boolean[] }
  | {
      readonly type: "array";
      readonly elementType: (typeof ggufValueTypes)[number];
      readonly encoded: Uint8Array;
      readonly length: number;
    }
);

export interface GgufWriteTensor {
  readonly name: string;
  /** For example `F32`, `Q8_0`. */
  readonly type: string;
  /** The fastest-varying dimension first. */
  readonly shape: readonly number[];
  /** Already encoded in the tensor's type and the file's byte order. */
  readonly data: Uint8Array;
}

export interface GgufFormat {
  /** Default 3. */
  readonly version?: 1 | 2 | 3;
  /** Default little. */
  readonly byteOrder?: "little" | "big";
}

/**
 * A whole GGUF file in memory; meant for small ones.
 * @throws GgufError when a value does not fit its type or a tensor's data does not fit its shape
 */
export function encodeGguf(
  file: GgufFormat & {
    readonly entries: readonly GgufWriteEntry[];
    readonly tensors: readonly GgufWriteTensor[];
  },
): Uint8Array {
  const alignment = alignmentOf(file.entries);
  let offset = 0;
  const placed = file.tensors.map((tensor) => {
    const at = offset;
    offset = Math.ceil((offset + tensor.data.length) / alignment) * alignment;
    return {
      name: tensor.name,
      type: tensor.type,
      shape: tensor.shape,
      offset: at,
      sizeBytes: tensor.data.length,
    };
  });
  const header = encodeGgufHeader({ ...file, tensors: placed });
  const bytes = new Uint8Array(header.length + offset);
  bytes.set(header);
  for (const [index, { data }] of file.tensors.entries())
    bytes.set(data, header.length + (placed[index]?.offset ?? 0));
  return bytes;
}

/**
 * A header up to its `dataOffset`, padding included; tensor data follows it.
 * Tensor offsets count from there, so data laid out for another header of the same alignment stays valid.
 */
export function encodeGgufHeader(
  header: GgufFormat & {
    readonly entries: readonly GgufWriteEntry[];
    readonly tensors: readonly {
      readonly name: string;
      readonly type: string;
      readonly shape: readonly number[];
      readonly offset: number;
      readonly sizeBytes: number;
    }[];
  },
): Uint8Array {
  const version = header.version ?? 3;
  const writer = new ByteWriter(header.byteOrder !== "big", version === 1 ? 4 : 8);
  writer.bytes(new TextEncoder().encode("GGUF"));
  writer.number("uint32", version);
  writer.length(header.tensors.length);
  writer.length(header.entries.length);
  for (const entry of header.entries) writeEntry(writer, entry);
  for (const tensor of header.tensors) {
    const type = tensorTypeByName(tensor.type);
    if (type === undefined) refuse("tensor-type", writer.offset, `there is no tensor type ${tensor.type}`);
    const elements = tensor.shape.reduce((product, length) => product * length, 1);
    if ((elements / type.blockSize) * type.typeSizeBytes !== tensor.sizeBytes) {
      const text = `tensor ${tensor.name} has ${tensor.sizeBytes} bytes, which is not what its shape needs`;
      refuse("tensor-size", writer.offset, text);
    }
    writer.text(tensor.name);
    writer.number("uint32", tensor.shape.length);
    for (const length of tensor.shape) writer.length(length);
    writer.number("uint32", type.code);
    writer.number("uint64", tensor.offset);
  }
  writer.pad(alignmentOf(header.entries));
  return writer.finish();
}

function writeEntry(writer: ByteWriter, entry: GgufWriteEntry): void {
  writer.text(entry.key);
  writer.number("uint32", ggufValueTypes.indexOf(entry.type));
  if (entry.type === "string") writer.text(entry.value);
  else if (entry.type === "bool") writer.number("uint8", entry.value ? 1 : 0);
  else if (entry.type === "array") writeArray(writer, entry);
  else writer.number(entry.type, entry.value);
}

function writeArray(writer: ByteWriter, entry: Extract<GgufWriteEntry, { readonly type: "array" }>): void {
  writer.number("uint32", ggufValueTypes.indexOf(entry.elementType));
  if ("encoded" in entry) {
    writer.length(entry.length);
    writer.bytes(entry.encoded);
    return;
  }
  writer.length(entry.value.length);
  for (const element of entry.value) {
    if (typeof element === "string") writer.text(element);
    else if (typeof element === "boolean") writer.number("uint8", element ? 1 : 0);
    else if (entry.elementType !== "string" && entry.elementType !== "bool")
      writer.number(entry.elementType, element);
  }
}

function alignmentOf(entries: readonly GgufWriteEntry[]): number {
  const entry = entries.find(({ key }) => key === "general.alignment");
  return entry !== undefined && "value" in entry && typeof entry.value === "number" ? entry.value : 32;
}
