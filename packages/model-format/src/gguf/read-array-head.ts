import type { ByteCursor } from "./byte-cursor.ts";
import { refuse } from "./refuse.ts";
import { type GgufValueType, ggufValueTypes } from "./value-types.ts";

/** Element type and count, as they stand before the elements. */
export async function readArrayHead(
  cursor: ByteCursor,
  lengthBytes: 4 | 8,
): Promise<{ readonly elementType: GgufValueType; readonly length: number }> {
  const elementType = await readValueType(cursor);
  await cursor.need(lengthBytes);
  return { elementType, length: lengthBytes === 4 ? cursor.u32() : cursor.length64() };
}

export async function readValueType(cursor: ByteCursor): Promise<GgufValueType> {
  const offset = cursor.offset;
  await cursor.need(4);
  const code = cursor.u32();
  return ggufValueTypes[code] ?? refuse("value-type", offset, `there is no value type ${code}`);
}
