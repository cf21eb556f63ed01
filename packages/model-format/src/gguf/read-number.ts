import type { ByteCursor } from "./byte-cursor.ts";
import type { GgufNumberType } from "./value-types.ts";

/** The next number; 64-bit integers as number where that is exact, else as bigint. */
export function readNumber(cursor: ByteCursor, type: GgufNumberType): number | bigint {
  switch (type) {
    case "uint8":
      return cursor.u8();
    case "int8":
      return cursor.i8();
    case "uint16":
      return cursor.u16();
    case "int16":
      return cursor.i16();
    case "uint32":
      return cursor.u32();
    case "int32":
      return cursor.i32();
    case "float32":
      return cursor.f32();
    case "float64":
      return cursor.f64();
    case "uint64":
      return toExactNumber(cursor.u64());
    case "int64":
      return toExactNumber(cursor.i64());
  }
}

function toExactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
