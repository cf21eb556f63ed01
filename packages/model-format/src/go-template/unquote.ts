const simple: Readonly<Record<string, number>> = {
  a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, "\\": 92, "'": 39, '"': 34,
};

/** Reads the inside of a Go string or character constant; undefined when an escape is wrong. */
export function unescapeGo(body: string, quote: string): string | undefined {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (let at = 0; at < body.length; ) {
    const point = body.codePointAt(at) ?? 0;
    const character = String.fromCodePoint(point);
    if (character !== "\\") {
      if (character === quote || character === "\n") return undefined;
      bytes.push(...encoder.encode(character));
      at += character.length;
      continue;
    }
    const escape = readEscape(body, at + 1, quote);
    if (escape === undefined) return undefined;
    bytes.push(...escape.bytes);
    at = escape.end;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function readEscape(body: string, at: number, quote: string): { bytes: Iterable<number>; end: number } | undefined {
  const kind = body.charAt(at);
  const known = simple[kind];
  if (known !== undefined) {
    // Each kind of constant may only escape its own quote.
    return (kind === "'" || kind === '"') && kind !== quote ? undefined : { bytes: [known], end: at + 1 };
  }
  const digits = { x: 2, u: 4, U: 8 }[kind];
  const hex = digits === undefined ? undefined : body.slice(at + 1, at + 1 + digits);
  if (hex !== undefined && digits !== undefined) {
    if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
    const point = Number.parseInt(hex, 16);
    if (kind === "x") return { bytes: [point], end: at + 3 };
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    return { bytes: new TextEncoder().encode(String.fromCodePoint(point)), end: at + 1 + digits };
  }
  const octal = body.slice(at, at + 3);
  if (!/^[0-3][0-7]{2}$/.test(octal)) return undefined;
  return { bytes: [Number.parseInt(octal, 8)], end: at + 3 };
}
