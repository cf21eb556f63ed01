import { StoreError } from "../errors.ts";

const blockBytes = 512;
const maxPaxBytes = 64 * 1024;
/** Programs fill an archive up to whole records, of 10 KiB mostly. */
const maxTrailerBytes = 1024 * 1024;

/** A plain file in an archive. Its content must be read, or skipped by asking for the next entry. */
export interface TarEntry {
  readonly name: string;
  readonly sizeBytes: number;
  content(): AsyncGenerator<Buffer, void, undefined>;
}

/**
 * Reads the plain files of a tar archive, in one pass and with little memory.
 * @throws StoreError `ARCHIVE_INVALID` for damage, and for links, devices and paths that leave the archive: none
 *   belongs into an export, and each has been used to write where it must not
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, undefined> {
  const reader = new ByteReader(source);
  try {
    yield* readEntries(reader);
    await reader.skipTrailer();
  } finally {
    await reader.close();
  }
}

async function* readEntries(reader: ByteReader): AsyncGenerator<TarEntry, void, undefined> {
  let pax: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const header = await reader.take(blockBytes);
    if (header.every((byte) => byte === 0)) return;
    checkSum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    const sizeBytes = Number(pax.get("size") ?? readSize(header));
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw invalid("an entry has no valid size");
    const padding = (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
    if (type === "x") {
      if (sizeBytes > maxPaxBytes) throw invalid("an extended header is too long");
      pax = parsePax(await reader.take(sizeBytes));
      await reader.take(padding);
      continue;
    }
    const name = checkName(pax.get("path") ?? readName(header));
    pax = new Map();
    if (type === "5") continue;
    if (type !== "0" && type !== "\0") throw invalid(`${name} is no plain file`);
    let left = sizeBytes;
    const content = async function* (): AsyncGenerator<Buffer, void, undefined> {
      while (left > 0) {
        const chunk = await reader.takeUpTo(left);
        left -= chunk.length;
        yield chunk;
      }
    };
    yield { name, sizeBytes, content };
    while (left > 0) left -= (await reader.takeUpTo(left)).length;
    await reader.take(padding);
  }
}

class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async takeUpTo(count: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) throw invalid("it ends too early");
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const part = await this.takeUpTo(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Reads what follows the end, so that who sends it can finish. */
  async skipTrailer(): Promise<void> {
    for (let left = maxTrailerBytes; left > 0; ) {
      const { done, value } = await this.#source.next();
      if (done === true) return;
      left -= value.byteLength;
    }
  }

  /** Lets the source give up what it holds. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

function checkSum(header: Buffer): void {
  const stated = Number.parseInt(readText(header, 148, 8), 8);
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  if (sum !== stated) throw invalid("a header is damaged");
}

function readSize(header: Buffer): number {
  if (((header[124] ?? 0) & 0x80) !== 0) return Number(header.readBigUInt64BE(128));
  return Number.parseInt(readText(header, 124, 12).trim() || "0", 8);
}

function readName(header: Buffer): string {
  const prefix = readText(header, 257, 5) === "ustar" ? readText(header, 345, 155) : "";
  const name = readText(header, 0, 100);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function readText(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString("utf8");
}

function parsePax(bytes: Buffer): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.subarray(at, space).toString("latin1"));
    if (space < 0 || !Number.isSafeInteger(length) || length < 5 || at + length > bytes.length) {
      throw invalid("an extended header is damaged");
    }
    const record = bytes.subarray(space + 1, at + length - 1).toString("utf8");
    const equals = record.indexOf("=");
    values.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return values;
}

function checkName(name: string): string {
  const clean = name.replace(/^(?:\.\/)+/, "");
  const leaves =
    clean.startsWith("/") || clean.includes("\\") || clean.includes("\0") || clean.split("/").includes("..");
  if (leaves || /^[A-Za-z]:/.test(clean)) throw invalid("an entry's path leaves the archive");
  return clean;
}

function invalid(what: string): StoreError {
  return new StoreError("ARCHIVE_INVALID", `The archive cannot be imported: ${what}`);
}
