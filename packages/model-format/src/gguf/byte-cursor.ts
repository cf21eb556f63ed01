import type { ByteSource } from "./byte-source.ts";
import { refuse } from "./refuse.ts";

const chunkBytes = 256 * 1024;

/**
 * Forward reader over a ByteSource: fills a small window and hands out numbers from it.
 * Call `need` (asynchronous, checked) before the getters (synchronous, unchecked).
 */
export class ByteCursor {
  readonly #source: ByteSource;
  readonly #endOffset: number;
  #window: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #windowOffset = 0;
  #at = 0;
  littleEndian = true;

  /** @param endOffset first byte that must not be read */
  constructor(source: ByteSource, offset = 0, endOffset: number = source.sizeBytes) {
    this.#source = source;
    this.#windowOffset = offset;
    this.#endOffset = Math.min(endOffset, source.sizeBytes);
  }

  /** Position in the file of the next byte. */
  get offset(): number {
    return this.#windowOffset + this.#at;
  }

  get remainingBytes(): number {
    return this.#endOffset - this.offset;
  }

  /** Bytes that the getters can take without another `need`. */
  get bufferedBytes(): number {
    return this.#window.length - this.#at;
  }

  /** Makes the next `length` bytes available. @throws GgufError rule `truncated` */
  async need(length: number): Promise<void> {
    if (this.bufferedBytes >= length) return;
    const offset = this.offset;
    if (length > this.remainingBytes) {
      refuse("truncated", offset, `the file ends ${length - this.remainingBytes} bytes too early`);
    }
    const wanted = Math.min(Math.max(length, chunkBytes), this.remainingBytes);
    const bytes = await this.#source.read(offset, wanted);
    if (bytes.length < length) {
      refuse("truncated", offset, `${length} bytes were asked of the source and ${bytes.length} came`);
    }
    this.#window = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#windowOffset = offset;
    this.#at = 0;
  }

  /** Moves past `length` bytes without reading them. @throws GgufError rule `truncated` */
  skip(length: number): void {
    if (length > this.remainingBytes) {
      refuse("truncated", this.offset, `the file ends ${length - this.remainingBytes} bytes too early`);
    }
    if (length <= this.bufferedBytes) {
      this.#at += length;
      return;
    }
    this.#windowOffset = this.offset + length;
    this.#window = new Uint8Array(0);
    this.#at = 0;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#advance(2), this.littleEndian);
  }
  i16(): number {
    return this.#view.getInt16(this.#advance(2), this.littleEndian);
  }
  u32(): number {
    return this.#view.getUint32(this.#advance(4), this.littleEndian);
  }
  i32(): number {
    return this.#view.getInt32(this.#advance(4), this.littleEndian);
  }
  f32(): number {
    return this.#view.getFloat32(this.#advance(4), this.littleEndian);
  }
  f64(): number {
    return this.#view.getFloat64(this.#advance(8), this.littleEndian);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), this.littleEndian);
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), this.littleEndian);
  }

  /** A 64-bit length without a bigint; anything past 2^53 comes out as Infinity, which no bound accepts. */
  length64(): number {
    const at = this.#advance(8);
    const high = this.#view.getUint32(this.littleEndian ? at + 4 : at, this.littleEndian);
    const low = this.#view.getUint32(this.littleEndian ? at : at + 4, this.littleEndian);
    return high >= 0x20_0000 ? Number.POSITIVE_INFINITY : high * 0x1_0000_0000 + low;
  }

  /** The next bytes themselves: a view, valid until the next `need`. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#window.subarray(at, at + length);
  }

  /** The window and the position in it, for loops too hot for one call per number. */
  window(): { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number } {
    return { bytes: this.#window, view: this.#view, at: this.#at };
  }

  #advance(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
