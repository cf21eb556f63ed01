import { fromBytes, toBytes } from "./bytes.ts";

const simple: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "'": 39,
  '"': 34,
};

const encoder = new TextEncoder();

/**
 * Reads the inside of a Go string or character constant.
 * @param isCharacter  byte escapes stand for the character of that number
 * @returns undefined when an escape is wrong
 */
export function unescapeGo(body: string, quote: string, isCharacter = false): string | undefined {
  if (!/[\\\n]/.test(body) && !body.includes(quote)) return body;
  const bytes: number[] = [];
  for (let at = 0; at < body.length; ) {
    const character = String.fromCodePoint(body.codePointAt(at) ?? 0);
    if (character !== "\\") {
      if (character === quote || character === "\n") return undefined;
      bytes.push(...toBytes(character));
      at += character.length;
      continue;
    }
    const read = readEscape(body, at + 1, quote);
    if (read === undefined) return undefined;
    const isByte = read.bytes.length === 1 && isCharacter;
    bytes.push(...(isByte ? encoder.encode(String.fromCharCode(read.bytes[0] ?? 0)) : read.bytes));
    at = read.end;
  }
  return fromBytes(Uint8Array.from(bytes));
}

function readEscape(
  body: string,
  at: number,
  quote: string,
): { readonly bytes: ArrayLike<number> & Iterable<number>; readonly end: number } | undefined {
  const kind = body.charAt(at);
  const known = simple[kind];
  if (known !== undefined) {
    // Each kind of constant may only escape its own quote.
    return (kind === "'" || kind === '"') && kind !== quote ? undefined : { bytes: [known], end: at + 1 };
  }
  const digits = { x: 2, u: 4, U: 8 }[kind];
  if (digits !== undefined) {
    const hex = body.slice(at + 1, at + 1 + digits);
    if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
    const point = Number.parseInt(hex, 16);
    if (kind === "x") return { bytes: [point], end: at + 3 };
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    return { bytes: encoder.encode(String.fromCodePoint(point)), end: at + 1 + digits };
  }
  const octal = body.slice(at, at + 3);
  if (!/^[0-3][0-7]{2}$/.test(octal)) return undefined;
  return { bytes: [Number.parseInt(octal, 8)], end: at + 3 };
}
