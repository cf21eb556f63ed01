import { decodeText } from "./array.ts";
import type { ByteCursor } from "./byte-cursor.ts";
import { type GgufRule, refuse } from "./refuse.ts";
import { findInvalidUtf8 } from "./utf8.ts";

/** The next length-prefixed string, bounded and checked to be UTF-8. */
export async function readText(
  cursor: ByteCursor,
  rules: {
    readonly lengthBytes: 4 | 8;
    readonly maxBytes: number;
    readonly rule: GgufRule;
    readonly what: string;
  },
): Promise<string> {
  const offset = cursor.offset;
  await cursor.need(rules.lengthBytes);
  const length = rules.lengthBytes === 4 ? cursor.u32() : cursor.length64();
  if (length > cursor.remainingBytes) {
    refuse(rules.rule, offset, `${rules.what} claims ${length} bytes, more than the file has left`);
  }
  if (length > rules.maxBytes) {
    refuse(
      rules.rule,
      offset,
      `${rules.what} has ${length} bytes; at most ${rules.maxBytes} are accepted`,
      "GGUF_LIMIT",
    );
  }
  await cursor.need(length);
  const start = cursor.offset;
  const bytes = cursor.bytes(length);
  const bad = findInvalidUtf8(bytes, 0, length);
  if (bad !== -1) refuse("string-encoding", start + bad, `${rules.what} is not UTF-8`);
  return decodeText(bytes);
}
