/*
 * Go strings are bytes, and templates can cut them anywhere. A byte that is no part of a valid character is
 * kept as a lone low surrogate, U+DC80 to U+DCFF, until the text leaves the template or is joined again.
 */

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const asciiOnly = /^[\x00-\x7f]*$/;
const stray = /[\uDC80-\uDCFF]/;

/** The bytes of a string, stray ones included. */
export function toBytes(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** A string of these bytes. */
export function fromBytes(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const length = characterLength(bytes, at);
      text +=
        length === 0
          ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
          : strictDecoder.decode(bytes.subarray(at, at + length));
      at += Math.max(1, length);
    }
    return text;
  }
}

/** Length of the UTF-8 character that begins at `at`; 0 where none does. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strictDecoder.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

/** The text as it leaves a template: bytes that came together again are a character, others become U+FFFD. */
export function toWellFormedText(text: string): string {
  return text.isWellFormed() ? text : rejoin(text).toWellFormed();
}

/** The same string with bytes that make up a character written as that character. */
export function rejoin(text: string): string {
  return stray.test(text) ? fromBytes(toBytes(text)) : text;
}

/** Length of a string in bytes. */
export function byteLength(text: string): number {
  return asciiOnly.test(text) ? text.length : toBytes(text).length;
}

/** Part of a string by byte positions. */
export function sliceBytes(text: string, from: number, to: number): string {
  return asciiOnly.test(text) ? text.slice(from, to) : fromBytes(toBytes(text).subarray(from, to));
}

export function byteAt(text: string, index: number): number {
  return (asciiOnly.test(text) ? text.charCodeAt(index) : toBytes(text)[index]) ?? 0;
}

/** Order of Go strings: by bytes, which for characters is the order of code points. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates below U+E000, although the characters they stand for come last. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
