import type { KvOverride } from "../../ipc/messages.ts";
import { kvOverride } from "./header.ts";
import { NativeMemory } from "./native-memory.ts";

const tags = { int: 0, float: 1, bool: 2, string: 3 } as const;

/** Overrides as llama.cpp reads them: records one after another, ended by one with an empty key. */
export function encodeKvOverrides(overrides: readonly KvOverride[]): NativeMemory {
  const { size, keyOffset, keyBytes, valueOffset, valueBytes } = kvOverride;
  const memory = new NativeMemory((overrides.length + 1) * size);
  const view = new DataView(memory.buffer);
  const text = (at: number, limit: number, value: string) => {
    const encoded = new TextEncoder().encode(value);
    if (encoded.length >= limit)
      throw new RangeError(`"${value}" is longer than the ${limit - 1} bytes of an override`);
    new Uint8Array(memory.buffer, at, limit).set(encoded);
  };
  for (const [index, override] of overrides.entries()) {
    const at = index * size;
    view.setInt32(at, tags[override.type], true);
    text(at + keyOffset, keyBytes, override.key);
    switch (override.type) {
      case "int":
        view.setBigInt64(at + valueOffset, BigInt(override.value), true);
        break;
      case "float":
        view.setFloat64(at + valueOffset, override.value, true);
        break;
      case "bool":
        view.setUint8(at + valueOffset, override.value ? 1 : 0);
        break;
      case "string":
        text(at + valueOffset, valueBytes, override.value);
        break;
      default:
        override satisfies never;
    }
  }
  return memory;
}
