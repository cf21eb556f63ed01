import { ByteCursor } from "./byte-cursor.ts";
import type { ByteSource } from "./byte-source.ts";
import { readArrayHead } from "./read-array-head.ts";
import { readNumber } from "./read-number.ts";
import { refuse } from "./refuse.ts";
import { type GgufTypedArray, toTypedArray } from "./typed-array.ts";
import { type GgufValueType, valueSizeBytes } from "./value-types.ts";

/** One element of an array; arrays may hold arrays. */
export type GgufElement = number | bigint | boolean | string | readonly GgufElement[];

/** Every this many strings the reader notes an offset, so that one string is found without reading the array. */
export const stringsPerMark = 256;

export interface GgufArrayLayout {
  readonly elementType: GgufValueType;
  readonly length: number;
  /** First byte of the first element. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Offsets of every `stringsPerMark`-th string. */
  readonly marks?: Float64Array;
  /** Numbers of a short array, read with the header. */
  readonly values?: readonly (number | bigint)[];
}

/** How this file writes numbers: needed whenever an array is read later. */
export interface GgufEncoding {
  readonly littleEndian: boolean;
  /** 4 in version 1, else 8. */
  readonly lengthBytes: 4 | 8;
}

/**
 * An array value that stays in the file until it is asked for; its strings were checked when the header was read.
 * The source must still be readable then.
 */
export class GgufArray {
  readonly elementType: GgufValueType;
  readonly length: number;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Numbers of a short array (per-layer settings): there without waiting; undefined for others. */
  readonly values: readonly (number | bigint)[] | undefined;
  readonly #source: ByteSource;
  readonly #encoding: GgufEncoding;
  readonly #marks: Float64Array | undefined;

  constructor(source: ByteSource, encoding: GgufEncoding, layout: GgufArrayLayout) {
    this.#source = source;
    this.#encoding = encoding;
    this.#marks = layout.marks;
    this.elementType = layout.elementType;
    this.length = layout.length;
    this.offset = layout.offset;
    this.sizeBytes = layout.sizeBytes;
    this.values = layout.values;
  }

  /** All elements; 64-bit integers past 2^53 as bigint. */
  async toArray(): Promise<readonly GgufElement[]> {
    const cursor = this.#cursor(this.offset);
    return readElements(cursor, this.elementType, this.length, this.#encoding.lengthBytes);
  }

  /** All numbers as the typed array of their own width. @throws GgufError rule `value-type` for other elements */
  async toTyped(): Promise<GgufTypedArray> {
    const type = this.elementType;
    if (type === "string" || type === "array" || type === "bool") {
      refuse("value-type", this.offset, `an array of ${type} was read as numbers`);
    }
    return toTypedArray(await this.toBytes(), type, this.#encoding.littleEndian);
  }

  /** The elements as they stand in the file. */
  async toBytes(): Promise<Uint8Array> {
    const bytes = await this.#source.read(this.offset, this.sizeBytes);
    if (bytes.length < this.sizeBytes) {
      refuse(
        "truncated",
        this.offset,
        `${this.sizeBytes} bytes were asked of the source and ${bytes.length} came`,
      );
    }
    return bytes;
  }

  /** One string by its index, read alone; undefined past the end. @throws GgufError rule `value-type` for other elements */
  async stringAt(index: number): Promise<string | undefined> {
    if (this.elementType !== "string" || this.#marks === undefined) {
      refuse("value-type", this.offset, `an array of ${this.elementType} was read as strings`);
    }
    if (!Number.isInteger(index) || index < 0 || index >= this.length) return undefined;
    const mark = Math.floor(index / stringsPerMark);
    const cursor = this.#cursor(this.#marks[mark] ?? this.offset);
    for (let at = mark * stringsPerMark; at < index; at += 1) {
      cursor.skip(await this.#stringLength(cursor));
    }
    const length = await this.#stringLength(cursor);
    await cursor.need(length);
    return decodeText(cursor.bytes(length));
  }

  #cursor(offset: number): ByteCursor {
    const cursor = new ByteCursor(this.#source, offset, this.offset + this.sizeBytes);
    cursor.littleEndian = this.#encoding.littleEndian;
    return cursor;
  }

  async #stringLength(cursor: ByteCursor): Promise<number> {
    await cursor.need(this.#encoding.lengthBytes);
    return this.#encoding.lengthBytes === 4 ? cursor.u32() : cursor.length64();
  }
}

// A BOM is part of the text; invalid bytes were refused when the header was read.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

async function readElements(
  cursor: ByteCursor,
  type: GgufValueType,
  length: number,
  lengthBytes: 4 | 8,
): Promise<readonly GgufElement[]> {
  const elements: GgufElement[] = [];
  for (let index = 0; index < length; index += 1) {
    switch (type) {
      case "string": {
        await need(cursor, lengthBytes);
        const size = lengthBytes === 4 ? cursor.u32() : cursor.length64();
        await need(cursor, size);
        elements.push(decodeText(cursor.bytes(size)));
        break;
      }
      case "array": {
        const inner = await readArrayHead(cursor, lengthBytes);
        elements.push(await readElements(cursor, inner.elementType, inner.length, lengthBytes));
        break;
      }
      case "bool":
        await need(cursor, 1);
        elements.push(cursor.u8() !== 0);
        break;
      default:
        await need(cursor, valueSizeBytes[type]);
        elements.push(readNumber(cursor, type));
    }
  }
  return elements;
}

// Most elements are in the window already; waiting for a settled promise each time would cost more than reading.
function need(cursor: ByteCursor, length: number): Promise<void> | undefined {
  return cursor.bufferedBytes >= length ? undefined : cursor.need(length);
}
