/**
 * Index of the first byte that is not well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates,
 * nothing past U+10FFFF), or -1. Half a million short strings make a decoder call each too slow.
 */
export function findInvalidUtf8(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const lead = bytes[at];
    if (lead === undefined || lead < 0x80) {
      at += 1;
    } else if (lead < 0xe0) {
      if (lead < 0xc2 || at + 2 > end || !isContinuation(bytes[at + 1])) return at;
      at += 2;
    } else {
      const length = lead < 0xf0 ? 3 : 4;
      const second = bytes[at + 1] ?? 0;
      const isWhole = lead <= 0xf4 && at + length <= end && isContinuation(bytes[at + 2]);
      if (!isWhole || second < lowestSecond(lead) || second > highestSecond(lead)) return at;
      if (length === 4 && !isContinuation(bytes[at + 3])) return at;
      at += length;
    }
  }
  return -1;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}
