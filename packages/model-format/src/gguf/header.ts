import { GgufArray, type GgufEncoding } from "./array.ts";
import { ByteCursor } from "./byte-cursor.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkMetadata } from "./check-metadata.ts";
import { defaultGgufLimits, type GgufLimits, maxAlignment } from "./limits.ts";
import { measureArray } from "./measure-array.ts";
import { type GgufEntry, GgufMetadata, type GgufValue } from "./metadata.ts";
import { readValueType } from "./read-array-head.ts";
import { readNumber } from "./read-number.ts";
import { readText } from "./read-text.ts";
import { refuse } from "./refuse.ts";
import { checkTensorLayout, type DeclaredTensor, type GgufTensor, readTensor } from "./tensors.ts";
import { type GgufValueType, valueSizeBytes } from "./value-types.ts";

/** A GGUF file whose header was read and found sound; weights and long arrays stay in the file. */
export interface Gguf {
  readonly version: 1 | 2 | 3;
  readonly byteOrder: "little" | "big";
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
  /** Bytes; every tensor's offset is a multiple. */
  readonly alignment: number;
  /** First byte of tensor data in the file. */
  readonly dataOffset: number;
  readonly sizeBytes: number;
  /** Elements of all tensors together. */
  readonly parameterCount: number;
}

export interface ReadGgufOptions {
  readonly limits?: Partial<GgufLimits>;
}

/**
 * Reads and checks the header of a GGUF file, versions 1 to 3 in either byte order.
 * Memory stays bounded whatever the file claims: counts and lengths are compared with the bytes that
 * are really there before anything is allocated.
 * @throws GgufError with `details.offset` (bytes) and `details.rule`
 */
export async function readGguf(source: ByteSource, options: ReadGgufOptions = {}): Promise<Gguf> {
  const limits = { ...defaultGgufLimits, ...options.limits };
  const cursor = new ByteCursor(source, 0, Math.min(source.sizeBytes, limits.maxHeaderBytes));
  const version = await readVersion(cursor);
  const encoding: GgufEncoding = { littleEndian: cursor.littleEndian, lengthBytes: version === 1 ? 4 : 8 };
  const { tensorCount, keyCount } = await readCounts(cursor, encoding, limits);
  const entries = await readEntries(cursor, { source, encoding, limits, keyCount });
  const metadata = new GgufMetadata(entries);
  const alignment = readAlignment(metadata);
  const declared: DeclaredTensor[] = [];
  for (let index = 0; index < tensorCount; index += 1) declared.push(await readTensor(cursor, version));
  const dataOffset = Math.ceil(cursor.offset / alignment) * alignment;
  checkTensorLayout(declared, { alignment, dataOffset, sizeBytes: source.sizeBytes });
  checkMetadata(metadata);
  const tensors = declared.map(({ tensor }) => tensor);
  return {
    version,
    byteOrder: encoding.littleEndian ? "little" : "big",
    metadata,
    tensors,
    alignment,
    dataOffset,
    sizeBytes: source.sizeBytes,
    parameterCount: tensors.reduce(
      (sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1),
      0,
    ),
  };
}

const oldMagics: readonly string[] = ["lmgg", "fmgg", "tjgg", "algg"];

async function readVersion(cursor: ByteCursor): Promise<1 | 2 | 3> {
  await cursor.need(4);
  const magic = String.fromCharCode(...cursor.bytes(4));
  if (oldMagics.includes(magic)) {
    const text = "it is in a format older than GGUF; convert the model again";
    refuse("magic", 0, text, "GGUF_UNSUPPORTED");
  }
  // Big-endian files carry the same four letters from llama.cpp's tools, the reversed ones from others.
  if (magic !== "GGUF" && magic !== "FUGG") refuse("magic", 0, "it does not begin with GGUF");
  cursor.littleEndian = magic === "GGUF";
  await cursor.need(4);
  let version = cursor.u32();
  if (cursor.littleEndian && version !== 0 && version % 0x1_0000 === 0) {
    cursor.littleEndian = false;
    version = ((version >>> 24) | ((version >>> 8) & 0xff00)) >>> 0;
  }
  if (version === 1 || version === 2 || version === 3) return version;
  refuse("version", 4, `version ${version} is not 1, 2 or 3`, "GGUF_UNSUPPORTED");
}

async function readCounts(
  cursor: ByteCursor,
  encoding: GgufEncoding,
  limits: GgufLimits,
): Promise<{ readonly tensorCount: number; readonly keyCount: number }> {
  const { lengthBytes } = encoding;
  const offset = cursor.offset;
  await cursor.need(2 * lengthBytes);
  const tensorCount = lengthBytes === 4 ? cursor.u32() : cursor.length64();
  const keyCount = lengthBytes === 4 ? cursor.u32() : cursor.length64();
  // Smallest entries: name length + 1, dimension count, type and offset; key length + 1, type and value.
  const smallestTensor = lengthBytes + 1 + 4 + 4 + 8;
  const smallestKey = lengthBytes + 1 + 4 + 1;
  if (tensorCount * smallestTensor > cursor.remainingBytes) {
    refuse("tensor-count", offset, `${tensorCount} tensors are claimed, more than the file has room for`);
  }
  if (keyCount * smallestKey > cursor.remainingBytes) {
    refuse(
      "key-count",
      offset + lengthBytes,
      `${keyCount} keys are claimed, more than the file has room for`,
    );
  }
  if (tensorCount > limits.maxTensors) {
    const text = `${tensorCount} tensors are claimed; at most ${limits.maxTensors} are accepted`;
    refuse("tensor-count", offset, text, "GGUF_LIMIT");
  }
  if (keyCount > limits.maxKeys) {
    const text = `${keyCount} keys are claimed; at most ${limits.maxKeys} are accepted`;
    refuse("key-count", offset + lengthBytes, text, "GGUF_LIMIT");
  }
  return { tensorCount, keyCount };
}

interface EntryReading {
  readonly source: ByteSource;
  readonly encoding: GgufEncoding;
  readonly limits: GgufLimits;
  readonly keyCount: number;
}

async function readEntries(cursor: ByteCursor, reading: EntryReading): Promise<readonly GgufEntry[]> {
  const { limits, encoding } = reading;
  const entries: GgufEntry[] = [];
  const keys = new Set<string>();
  let retainedBytes = 0;
  for (let index = 0; index < reading.keyCount; index += 1) {
    const keyAt = cursor.offset;
    const key = await readText(cursor, {
      lengthBytes: encoding.lengthBytes,
      maxBytes: limits.maxKeyBytes,
      rule: "key",
      what: "a key",
    });
    if (key === "") refuse("key", keyAt, "a key is empty");
    if (keys.has(key)) refuse("duplicate-key", keyAt, `the key ${key} appears twice`);
    keys.add(key);
    const type = await readValueType(cursor);
    const offset = cursor.offset;
    const value = await readValue(cursor, type, reading);
    entries.push({ key, type, value, offset });
    retainedBytes += key.length + retainedSize(value);
    if (retainedBytes > limits.maxRetainedBytes) {
      const text = `its text values take more than ${limits.maxRetainedBytes} bytes together`;
      refuse("retained-size", offset, text, "GGUF_LIMIT");
    }
  }
  return entries;
}

function retainedSize(value: GgufValue): number {
  if (typeof value === "string") return value.length;
  return value instanceof GgufArray ? 8 * ((value.values?.length ?? 0) + value.length / 256) : 8;
}

async function readValue(cursor: ByteCursor, type: GgufValueType, reading: EntryReading): Promise<GgufValue> {
  const { encoding, limits } = reading;
  switch (type) {
    case "string":
      return readText(cursor, {
        lengthBytes: encoding.lengthBytes,
        maxBytes: limits.maxStringBytes,
        rule: "string-length",
        what: "a string",
      });
    case "array":
      return new GgufArray(
        reading.source,
        encoding,
        await measureArray(cursor, encoding.lengthBytes, limits),
      );
    case "bool": {
      const offset = cursor.offset;
      await cursor.need(1);
      const byte = cursor.u8();
      if (byte > 1) refuse("value-range", offset, `a boolean is ${byte}`);
      return byte === 1;
    }
    default:
      await cursor.need(valueSizeBytes[type]);
      return readNumber(cursor, type);
  }
}

function readAlignment(metadata: GgufMetadata): number {
  const entry = metadata.entry("general.alignment");
  if (entry === undefined) return 32;
  if (entry.type !== "uint32" || typeof entry.value !== "number") {
    refuse("alignment", entry.offset, `general.alignment is of type ${entry.type}, not uint32`);
  }
  const { value, offset } = entry;
  // x & (x - 1) is zero for powers of two alone; the bound comes first because & works in 32 bits.
  if (value === 0 || value > maxAlignment || (value & (value - 1)) !== 0) {
    refuse(
      "alignment",
      offset,
      `general.alignment is ${value}; it must be a power of two up to ${maxAlignment}`,
    );
  }
  return value;
}
