import { refuse } from "./refuse.ts";
import { type GgufNumberType, valueSizeBytes } from "./value-types.ts";

const encoder = new TextEncoder();

const integerRanges: Readonly<
  Record<Exclude<GgufNumberType, "float32" | "float64">, readonly [bigint, bigint]>
> = {
  uint8: [0n, 0xffn],
  int8: [-0x80n, 0x7fn],
  uint16: [0n, 0xffffn],
  int16: [-0x8000n, 0x7fffn],
  uint32: [0n, 0xffff_ffffn],
  int32: [-0x8000_0000n, 0x7fff_ffffn],
  uint64: [0n, 0xffff_ffff_ffff_ffffn],
  int64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
};

/** Grows as it is written to; the counterpart of ByteCursor. */
export class ByteWriter {
  readonly #littleEndian: boolean;
  readonly #lengthBytes: 4 | 8;
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(littleEndian: boolean, lengthBytes: 4 | 8) {
    this.#littleEndian = littleEndian;
    this.#lengthBytes = lengthBytes;
  }

  get offset(): number {
    return this.#length;
  }

  /** @throws GgufError rule `value-range` when the type cannot hold the value */
  number(type: GgufNumberType, value: number | bigint): void {
    if (type !== "float32" && type !== "float64") {
      this.#integer(type, value);
      return;
    }
    // The view is looked up after the room is taken: taking may replace it.
    const at = this.#take(type === "float32" ? 4 : 8);
    if (type === "float32") this.#view.setFloat32(at, Number(value), this.#littleEndian);
    else this.#view.setFloat64(at, Number(value), this.#littleEndian);
  }

  /** A count or length: 64 bits, or 32 in version 1. */
  length(value: number): void {
    this.number(this.#lengthBytes === 4 ? "uint32" : "uint64", value);
  }

  text(value: string): void {
    const bytes = encoder.encode(value);
    this.length(bytes.length);
    this.bytes(bytes);
  }

  bytes(value: Uint8Array): void {
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
  }

  /** Zero bytes up to the next multiple of `alignment`. */
  pad(alignment: number): void {
    this.#take((alignment - (this.#length % alignment)) % alignment);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #integer(type: Exclude<GgufNumberType, "float32" | "float64">, value: number | bigint): void {
    const [lowest, highest] = integerRanges[type];
    if (typeof value === "number" && !Number.isInteger(value)) {
      refuse("value-range", this.#length, `${value} is no integer and cannot be written as ${type}`);
    }
    const integer = BigInt(value);
    if (integer < lowest || integer > highest) {
      refuse("value-range", this.#length, `${value} does not fit into ${type}`);
    }
    const width = valueSizeBytes[type];
    const at = this.#take(width);
    const bits = BigInt.asUintN(8 * width, integer);
    if (width === 1) this.#view.setUint8(at, Number(bits));
    else if (width === 2) this.#view.setUint16(at, Number(bits), this.#littleEndian);
    else if (width === 4) this.#view.setUint32(at, Number(bits), this.#littleEndian);
    else this.#view.setBigUint64(at, bits, this.#littleEndian);
  }

  #take(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
