import { type GgufArrayLayout, stringsPerMark } from "./array.ts";
import type { ByteCursor } from "./byte-cursor.ts";
import type { GgufLimits } from "./limits.ts";
import { readArrayHead } from "./read-array-head.ts";
import { readNumber } from "./read-number.ts";
import { refuse } from "./refuse.ts";
import { findInvalidUtf8 } from "./utf8.ts";
import { type GgufValueType, valueSizeBytes } from "./value-types.ts";

/** Numeric arrays up to this length are kept: they hold one number a layer, which memory planning needs at once. */
const maxInlineNumbers = 1024;
/** The format allows arrays of arrays without end; nobody writes more than two levels. */
const maxDepth = 4;
/** The bits that mark a byte as not ASCII, in four bytes. */
const nonAscii = 0x8080_8080 | 0;

/** Walks over an array value: checks it, remembers where it lies, keeps only short lists of numbers. */
export async function measureArray(
  cursor: ByteCursor,
  lengthBytes: 4 | 8,
  limits: GgufLimits,
  depth = 1,
): Promise<GgufArrayLayout> {
  const headOffset = cursor.offset;
  const { elementType, length } = await readArrayHead(cursor, lengthBytes);
  checkLength({ cursor, elementType, length, lengthBytes, limits, headOffset });
  const offset = cursor.offset;
  if (elementType === "string") {
    const marks = await skipStrings(cursor, length, lengthBytes, limits);
    return { elementType, length, offset, sizeBytes: cursor.offset - offset, marks };
  }
  if (elementType === "array") {
    if (depth >= maxDepth)
      refuse("array-depth", headOffset, `arrays lie more than ${maxDepth} deep in each other`);
    for (let index = 0; index < length; index += 1)
      await measureArray(cursor, lengthBytes, limits, depth + 1);
    return { elementType, length, offset, sizeBytes: cursor.offset - offset };
  }
  const sizeBytes = length * valueSizeBytes[elementType];
  if (elementType === "bool" || length > maxInlineNumbers || depth > 1) {
    cursor.skip(sizeBytes);
    return { elementType, length, offset, sizeBytes };
  }
  await cursor.need(sizeBytes);
  const values = Array.from({ length }, () => readNumber(cursor, elementType));
  return { elementType, length, offset, sizeBytes, values };
}

function checkLength(array: {
  readonly cursor: ByteCursor;
  readonly elementType: GgufValueType;
  readonly length: number;
  readonly lengthBytes: 4 | 8;
  readonly limits: GgufLimits;
  readonly headOffset: number;
}): void {
  const { cursor, elementType, length, lengthBytes, limits, headOffset } = array;
  // A string costs its length field at least, an array its type and its length.
  const smallest =
    elementType === "string"
      ? lengthBytes
      : elementType === "array"
        ? 4 + lengthBytes
        : valueSizeBytes[elementType];
  if (length * smallest > cursor.remainingBytes) {
    refuse("array-length", headOffset, `an array claims ${length} elements, more than the file has room for`);
  }
  if (length > limits.maxArrayLength) {
    const text = `an array has ${length} elements; at most ${limits.maxArrayLength} are accepted`;
    refuse("array-length", headOffset, text, "GGUF_LIMIT");
  }
}

async function skipStrings(
  cursor: ByteCursor,
  count: number,
  lengthBytes: 4 | 8,
  limits: GgufLimits,
): Promise<Float64Array> {
  const marks = new Float64Array(Math.ceil(count / stringsPerMark));
  const scan = { marks, count, lengthBytes, maxBytes: limits.maxArrayStringBytes };
  let index = 0;
  while (index < count) {
    const before = index;
    index = scanWindow(cursor, index, scan);
    if (index === before) await needNextString(cursor, lengthBytes, limits);
  }
  return marks;
}

/** Brings the next string into the window as a whole. */
async function needNextString(cursor: ByteCursor, lengthBytes: 4 | 8, limits: GgufLimits): Promise<void> {
  const missing = cursor.bufferedBytes < lengthBytes;
  await cursor.need(lengthBytes);
  if (missing) return;
  const { view, at } = cursor.window();
  const length = readLength(view, at, cursor.littleEndian, lengthBytes);
  if (length > limits.maxArrayStringBytes) refuseString(cursor.offset, length, limits.maxArrayStringBytes);
  await cursor.need(lengthBytes + length);
}

interface StringScan {
  readonly marks: Float64Array;
  readonly count: number;
  readonly lengthBytes: 4 | 8;
  readonly maxBytes: number;
}

/**
 * Checks and passes every string that lies wholly in the window; returns the index of the first that does not.
 * Runs half a million times for one vocabulary, mostly before the compiler has seen it twice: hence no calls
 * and no destructuring inside.
 */
function scanWindow(cursor: ByteCursor, firstIndex: number, scan: StringScan): number {
  const { bytes, view, at: start } = cursor.window();
  const { lengthBytes, count, marks, maxBytes } = scan;
  const { littleEndian } = cursor;
  const windowOffset = cursor.offset - start;
  const lowAt = lengthBytes === 8 && !littleEndian ? 4 : 0;
  const lastStart = bytes.length - lengthBytes;
  let at = start;
  let index = firstIndex;
  while (index < count && at <= lastStart) {
    const low = view.getUint32(at + lowAt, littleEndian);
    if (low > maxBytes || (lengthBytes === 8 && view.getUint32(at + 4 - lowAt, littleEndian) !== 0)) {
      refuseString(windowOffset + at, readLength(view, at, littleEndian, lengthBytes), maxBytes);
    }
    const textAt = at + lengthBytes;
    const end = textAt + low;
    if (end > bytes.length) break;
    // Four plain ASCII bytes at once: most of a vocabulary.
    let checked = textAt;
    while (checked + 4 <= end && (view.getInt32(checked, true) & nonAscii) === 0) checked += 4;
    while (checked < end && (bytes[checked] ?? 0) < 0x80) checked += 1;
    const bad = checked === end ? -1 : findInvalidUtf8(bytes, checked, end);
    if (bad !== -1) refuse("string-encoding", windowOffset + bad, `string ${index} of an array is not UTF-8`);
    if (index % stringsPerMark === 0) marks[index / stringsPerMark] = windowOffset + at;
    at = end;
    index += 1;
  }
  cursor.skip(at - start);
  return index;
}

function refuseString(offset: number, length: number, maxBytes: number): never {
  const text = `a string in an array claims ${length} bytes; at most ${maxBytes} are accepted`;
  refuse("string-length", offset, text, Number.isFinite(length) ? "GGUF_LIMIT" : "GGUF_INVALID");
}

function readLength(view: DataView, at: number, littleEndian: boolean, lengthBytes: 4 | 8): number {
  if (lengthBytes === 4) return view.getUint32(at, littleEndian);
  const high = view.getUint32(littleEndian ? at + 4 : at, littleEndian);
  const low = view.getUint32(littleEndian ? at : at + 4, littleEndian);
  return high >= 0x20_0000 ? Number.POSITIVE_INFINITY : high * 0x1_0000_0000 + low;
}
