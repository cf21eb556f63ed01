import type { GgufNumberType } from "./value-types.ts";
import { valueSizeBytes } from "./value-types.ts";

export type GgufTypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** Copies the bytes of a numeric array into the typed array of its element type, in this machine's byte order. */
export function toTypedArray(bytes: Uint8Array, type: GgufNumberType, littleEndian: boolean): GgufTypedArray {
  // A copy: the file's array may start at any address, and swapping must not touch the reader's window.
  const copy = new Uint8Array(bytes);
  const width = valueSizeBytes[type];
  if (width > 1 && littleEndian !== machineIsLittleEndian) reverseGroups(copy, width);
  const length = copy.length / width;
  switch (type) {
    case "uint8":
      return copy;
    case "int8":
      return new Int8Array(copy.buffer, 0, length);
    case "uint16":
      return new Uint16Array(copy.buffer, 0, length);
    case "int16":
      return new Int16Array(copy.buffer, 0, length);
    case "uint32":
      return new Uint32Array(copy.buffer, 0, length);
    case "int32":
      return new Int32Array(copy.buffer, 0, length);
    case "float32":
      return new Float32Array(copy.buffer, 0, length);
    case "float64":
      return new Float64Array(copy.buffer, 0, length);
    case "uint64":
      return new BigUint64Array(copy.buffer, 0, length);
    case "int64":
      return new BigInt64Array(copy.buffer, 0, length);
  }
}

const machineIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function reverseGroups(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}
