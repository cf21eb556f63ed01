import type { GgufElement } from "./array.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Bytes of a table that was stored as base64 text cut into single characters.
 * @returns undefined when it is not that
 */
export function decodeCharsmap(characters: readonly GgufElement[]): Uint8Array | undefined {
  const bytes: number[] = [];
  let value = 0;
  let bits = 0;
  for (const character of characters) {
    if (character === "=") break;
    const digit = typeof character === "string" && character.length === 1 ? alphabet.indexOf(character) : -1;
    if (digit === -1) return undefined;
    value = ((value << 6) | digit) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return bytes.length === 0 ? undefined : Uint8Array.from(bytes);
}
