import { createHash } from "node:crypto";
import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
  writevSync,
} from "node:fs";
import type { ByteRange } from "../store.ts";
import { printJournalHeader, printJournalRange, printJournalSync } from "./journal.ts";
import { RangeSet } from "./range-set.ts";

const journalStepBytes = 1024 * 1024;
const syncStepBytes = 64 * 1024 * 1024;
const readStepBytes = 1024 * 1024;

export interface RangeWriterOptions {
  readonly path: string;
  /** where finished ranges are noted; absent for files that are not resumed */
  readonly journal?: { readonly path: string; readonly sizeBytes: number; readonly boot: string };
  /** ranges that are in the file already */
  readonly finished: readonly ByteRange[];
}

/** Gives the memory of a chunk back at once: the next garbage collection may be a hundred megabytes away. */
function release(chunk: Uint8Array): void {
  if (chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer(0);
}

/**
 * Writes ranges of a file in any order and hashes the whole in order, from the same buffers: bytes that arrive
 * early wait in memory until those before them are hashed. Only ranges left by an earlier process are read back.
 * Synchronous, so that it runs in a worker thread; small blobs use it directly.
 */
export class RangeWriter {
  readonly #file: number;
  readonly #journal: number | undefined;
  readonly #finished: RangeSet;
  readonly #ownsChunks: boolean;
  readonly #hash = createHash("sha256");
  /** chunks written but not hashed, by offset */
  readonly #waiting = new Map<number, Uint8Array>();
  #hashed = 0;
  #noted: ByteRange | undefined;
  #notedLines = 0;
  #sinceSync = 0;
  #syncing = false;
  #readBuffer: Buffer | undefined;
  #closed = false;

  /** @param ownsChunks  chunks have buffers of their own, which may be released once they are hashed */
  constructor(options: RangeWriterOptions, ownsChunks = false) {
    this.#ownsChunks = ownsChunks;
    this.#finished = new RangeSet(options.finished);
    const fresh = options.finished.length === 0;
    this.#file = openSync(options.path, fresh ? "w+" : "r+", 0o644);
    if (options.journal !== undefined) {
      // Begun anew, so that a line cut off by a crash cannot run into the next one.
      const { path, sizeBytes, boot } = options.journal;
      const { ranges } = this.#finished;
      if (!fresh) fsyncSync(this.#file);
      const lines = ranges.map(printJournalRange).join("") + printJournalSync(ranges.length);
      writeFileSync(`${path}.new`, printJournalHeader(sizeBytes, boot) + lines);
      renameSync(`${path}.new`, path);
      this.#journal = openSync(path, "a", 0o644);
      this.#notedLines = ranges.length;
    }
  }

  get hashedBytes(): number {
    return this.#hashed;
  }

  /** Writes what is not there yet of neighbouring chunks; bytes of finished ranges are never changed. */
  write(offset: number, chunks: readonly Uint8Array[]): void {
    const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    const missing = this.#finished.missing({ start: offset, end: offset + length });
    const isNew = missing[0]?.start === offset && missing[0].end === offset + length;
    // One call for all is cheaper; it may end early, on a full disk.
    const written = offset + (isNew && chunks.length > 1 ? writevSync(this.#file, chunks, offset) : 0);
    let position = offset;
    for (const chunk of chunks) {
      const { byteLength } = chunk;
      this.#writeChunk(position, chunk, written);
      position += byteLength;
    }
    this.#syncInBackground(length);
  }

  /** @param written  where bytes of this chunk begin that are not in the file yet */
  #writeChunk(offset: number, chunk: Uint8Array, written: number): void {
    const { byteLength } = chunk;
    for (const { start, end } of this.#finished.missing({ start: offset, end: offset + byteLength })) {
      const isWhole = end - start === byteLength;
      const piece = isWhole ? chunk : chunk.slice(start - offset, end - offset);
      if (written < end) {
        const from = Math.max(start, written);
        writeFully(this.#file, piece.subarray(from - start), from);
      }
      this.#finished.add({ start, end });
      this.#note({ start, end });
      if (start === this.#hashed) {
        this.#hash.update(piece);
        this.#hashed = end;
        if (this.#ownsChunks) release(piece);
      } else if (start > this.#hashed) {
        this.#waiting.set(start, piece);
      }
    }
  }

  /**
   * Hashes on through what is there, reading back at most `maxReadBytes`.
   * @returns whether the hash has reached the end of what is there
   */
  catchUp(maxReadBytes: number): boolean {
    let budget = maxReadBytes;
    for (;;) {
      const waiting = this.#waiting.get(this.#hashed);
      if (waiting !== undefined) {
        this.#waiting.delete(this.#hashed);
        this.#hash.update(waiting);
        this.#hashed += waiting.byteLength;
        if (this.#ownsChunks) release(waiting);
        continue;
      }
      const covered = this.#finished.coveredUntil(this.#hashed);
      if (covered === this.#hashed) return true;
      if (budget <= 0) return false;
      budget -= this.#hashFromFile(covered);
    }
  }

  /** Writes the journal out, so that another process can take over from here. */
  flush(): void {
    if (this.#journal !== undefined && this.#noted !== undefined) {
      writeSync(this.#journal, printJournalRange(this.#noted));
      this.#notedLines += 1;
    }
    this.#noted = undefined;
  }

  /** Ends the file at `sizeBytes`, puts it on disk for good and gives the digest of all its bytes, in hex. */
  finish(sizeBytes: number): string {
    try {
      this.catchUp(Number.POSITIVE_INFINITY);
      this.flush();
      // Bytes past the end can only be there when a foreign partial file was taken over.
      ftruncateSync(this.#file, sizeBytes);
      fsyncSync(this.#file);
    } finally {
      this.close();
    }
    return this.#hash.digest("hex");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.flush();
    } catch {
      // On a full disk the journal stays a little behind; that costs the next run a megabyte.
    }
    closeSync(this.#file);
    if (this.#journal !== undefined) closeSync(this.#journal);
    this.#waiting.clear();
  }

  #hashFromFile(covered: number): number {
    this.#readBuffer ??= Buffer.allocUnsafe(readStepBytes);
    // Up to the next waiting chunk only: that one need not be read.
    let end = Math.min(covered, this.#hashed + this.#readBuffer.byteLength);
    for (const start of this.#waiting.keys()) if (start > this.#hashed && start < end) end = start;
    const read = readSync(this.#file, this.#readBuffer, 0, end - this.#hashed, this.#hashed);
    if (read === 0)
      throw new Error(`Staged file ends at ${this.#hashed}, before a range that its journal calls finished`);
    this.#hash.update(this.#readBuffer.subarray(0, read));
    this.#hashed += read;
    return read;
  }

  /** Neighbouring writes become one journal line. */
  #note(range: ByteRange): void {
    if (this.#journal === undefined) return;
    if (this.#noted !== undefined && this.#noted.end === range.start) {
      this.#noted = { start: this.#noted.start, end: range.end };
    } else {
      this.flush();
      this.#noted = range;
    }
    if (this.#noted.end - this.#noted.start >= journalStepBytes) this.flush();
  }

  /** Spreads the cost of the last sync over the transfer, and lets a power cut cost little. */
  #syncInBackground(writtenBytes: number): void {
    this.#sinceSync += writtenBytes;
    if (this.#journal === undefined || this.#syncing || this.#sinceSync < syncStepBytes) return;
    this.#sinceSync = 0;
    this.#syncing = true;
    this.flush();
    const covered = this.#notedLines;
    fdatasync(this.#file, (error) => {
      this.#syncing = false;
      // An error shows again in `finish`, whose sync counts.
      if (error === null && !this.#closed && this.#journal !== undefined) {
        writeSync(this.#journal, printJournalSync(covered));
      }
    });
  }
}

function writeFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    done += writeSync(file, bytes, done, bytes.byteLength - done, position + done);
  }
}
