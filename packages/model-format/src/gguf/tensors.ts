import type { ByteCursor } from "./byte-cursor.ts";
import { maxDimensions, maxTensorNameBytes } from "./limits.ts";
import { readText } from "./read-text.ts";
import { refuse } from "./refuse.ts";
import { type GgufTensorType, removedTensorTypeName, tensorTypeByCode } from "./tensor-types.ts";

export interface GgufTensor {
  readonly name: string;
  /** For example `Q4_K`. */
  readonly type: string;
  /** Elements along each dimension, the fastest-varying first, as `show` lists them. */
  readonly shape: readonly number[];
  /** First byte, counted from the file's `dataOffset`. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A tensor and where in the header it is declared, for messages. */
export interface DeclaredTensor {
  readonly tensor: GgufTensor;
  readonly declaredAt: number;
}

/** Reads one entry of the tensor list; its offset is not yet compared with the file. */
export async function readTensor(cursor: ByteCursor, version: number): Promise<DeclaredTensor> {
  const declaredAt = cursor.offset;
  const name = await readText(cursor, {
    lengthBytes: version === 1 ? 4 : 8,
    maxBytes: maxTensorNameBytes,
    rule: "tensor-name",
    what: "a tensor's name",
  });
  if (name === "") refuse("tensor-name", declaredAt, "a tensor has no name");
  const shape = await readShape(cursor, version, name);
  const type = await readType(cursor, name);
  const offsetAt = cursor.offset;
  await cursor.need(8);
  const offset = cursor.length64();
  if (!Number.isFinite(offset)) refuse("tensor-offset", offsetAt, `tensor ${name} lies past any file's end`);
  const sizeBytes = tensorBytes(shape, type, name, declaredAt);
  return { tensor: { name, type: type.name, shape, offset, sizeBytes }, declaredAt };
}

async function readShape(cursor: ByteCursor, version: number, name: string): Promise<readonly number[]> {
  const countAt = cursor.offset;
  await cursor.need(4);
  const count = cursor.u32();
  if (count > maxDimensions) {
    refuse(
      "tensor-dimensions",
      countAt,
      `tensor ${name} has ${count} dimensions; at most ${maxDimensions} exist`,
    );
  }
  const shape: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const offset = cursor.offset;
    const width = version === 1 ? 4 : 8;
    await cursor.need(width);
    const length = version === 1 ? cursor.u32() : cursor.length64();
    if (length === 0 || !Number.isFinite(length)) {
      const text = `dimension ${index} of tensor ${name} is ${length === 0 ? "0" : "past 2^53"}`;
      refuse("tensor-dimensions", offset, text);
    }
    shape.push(length);
  }
  return shape;
}

async function readType(cursor: ByteCursor, name: string): Promise<GgufTensorType> {
  const offset = cursor.offset;
  await cursor.need(4);
  const code = cursor.u32();
  const type = tensorTypeByCode(code);
  if (type !== undefined) return type;
  const removed = removedTensorTypeName(code);
  if (removed === undefined) refuse("tensor-type", offset, `tensor ${name} is of the unknown type ${code}`);
  const text = `tensor ${name} is of type ${removed}, which llama.cpp reads no more; convert the model again`;
  refuse("tensor-type", offset, text, "GGUF_UNSUPPORTED");
}

// In bigint: the product of four 53-bit dimensions wraps any machine integer, which is how sizes were forged
// (CVE-2025-53630, CVE-2026-27940, CVE-2026-33298).
function tensorBytes(shape: readonly number[], type: GgufTensorType, name: string, offset: number): number {
  const rowLength = shape[0] ?? 1;
  if (rowLength % type.blockSize !== 0) {
    const text = `tensor ${name} has rows of ${rowLength} elements, not a multiple of ${type.name}'s ${type.blockSize}`;
    refuse("tensor-row", offset, text);
  }
  const elements = shape.reduce((product, length) => product * BigInt(length), 1n);
  const bytes = (elements / BigInt(type.blockSize)) * BigInt(type.typeSizeBytes);
  if (elements > BigInt(Number.MAX_SAFE_INTEGER) || bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    refuse("tensor-size", offset, `tensor ${name} would have ${bytes} bytes`);
  }
  return Number(bytes);
}

/**
 * Compares the tensor list with the file: aligned, inside the file, no byte in two tensors.
 * A tensor declared past the end made servers read and give away foreign memory (CVE-2026-7482).
 */
export function checkTensorLayout(
  declared: readonly DeclaredTensor[],
  file: { readonly alignment: number; readonly dataOffset: number; readonly sizeBytes: number },
): void {
  const room = file.sizeBytes - file.dataOffset;
  const names = new Set<string>();
  for (const { tensor, declaredAt } of declared) {
    if (names.has(tensor.name))
      refuse("duplicate-tensor", declaredAt, `tensor ${tensor.name} is declared twice`);
    names.add(tensor.name);
    if (tensor.offset % file.alignment !== 0) {
      const text = `tensor ${tensor.name} starts at ${tensor.offset}, not a multiple of ${file.alignment}`;
      refuse("tensor-offset", declaredAt, text);
    }
    if (tensor.offset + tensor.sizeBytes > room) {
      const text = `tensor ${tensor.name} ends ${tensor.offset + tensor.sizeBytes - room} bytes past the end of the file`;
      refuse("tensor-size", declaredAt, text);
    }
  }
  checkOverlap(declared);
}

function checkOverlap(declared: readonly DeclaredTensor[]): void {
  const ordered = declared.toSorted((left, right) => left.tensor.offset - right.tensor.offset);
  let previous: GgufTensor | undefined;
  for (const { tensor, declaredAt } of ordered) {
    if (previous !== undefined && previous.offset + previous.sizeBytes > tensor.offset) {
      refuse("tensor-overlap", declaredAt, `tensors ${previous.name} and ${tensor.name} share bytes`);
    }
    previous = tensor;
  }
}
