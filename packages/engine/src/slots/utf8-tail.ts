/** Which byte may come next within a character, and how many follow it. */
interface Expected {
  readonly from: number;
  readonly to: number;
  readonly more: number;
}

/** Knows whether bytes that came so far end within a character, and which bytes go on from there. */
export class Utf8Tail {
  /** Undefined between characters. */
  #expected: Expected | undefined;

  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#expected = follow(this.#expected, byte) ?? undefined;
  }

  /** Whether these bytes are well-formed UTF-8 after those that came; they may end within a character. */
  accepts(bytes: Uint8Array): boolean {
    let expected = this.#expected;
    for (const byte of bytes) {
      const next = follow(expected, byte);
      if (next === null) return false;
      expected = next;
    }
    return true;
  }
}

/**
 * @returns null when the byte may not come here
 * @source Unicode 16, table 3-7: well-formed UTF-8 byte sequences
 */
function follow(expected: Expected | undefined, byte: number): Expected | undefined | null {
  if (expected === undefined) return lead(byte);
  if (byte < expected.from || byte > expected.to) return null;
  return expected.more === 0 ? undefined : { from: 0x80, to: 0xbf, more: expected.more - 1 };
}

function lead(byte: number): Expected | undefined | null {
  if (byte < 0x80) return undefined;
  if (byte < 0xc2 || byte > 0xf4) return null;
  if (byte < 0xe0) return { from: 0x80, to: 0xbf, more: 0 };
  if (byte < 0xf0) return { from: byte === 0xe0 ? 0xa0 : 0x80, to: byte === 0xed ? 0x9f : 0xbf, more: 1 };
  return { from: byte === 0xf0 ? 0x90 : 0x80, to: byte === 0xf4 ? 0x8f : 0xbf, more: 2 };
}
