import { rejoin } from "./bytes.ts";

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII blank. */
export function isPrintable(character: string): boolean {
  return printable.test(character);
}

const named: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/** Go's strconv.Quote. */
export function quote(text: string, asciiOnly = false): string {
  return quoteWith(rejoin(text), '"', asciiOnly);
}

/** Go's strconv.QuoteRune. */
export function quoteCharacter(character: string, asciiOnly = false): string {
  return quoteWith(character, "'", asciiOnly);
}

const special = /["'\\\u0000-\u001f\u007f]|[^\u0000-\u007f]/gu;

function quoteWith(text: string, mark: string, asciiOnly: boolean): string {
  const body = text.replace(special, (character) => {
    if (character === mark) return `\\${mark}`;
    return named[character] ?? quoteOne(character, asciiOnly);
  });
  return mark + body + mark;
}

function quoteOne(character: string, asciiOnly: boolean): string {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x7f ? point >= 0x20 : !asciiOnly && isPrintable(character)) return character;
  if (point < 0x80) return `\\x${hex(point, 2)}`;
  if (point >= 0xdc80 && point <= 0xdcff) return `\\x${hex(point - 0xdc00, 2)}`;
  return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`;
}

function hex(point: number, digits: number): string {
  return point.toString(16).padStart(digits, "0");
}

/** Go's strconv.CanBackquote: one line, no control characters but tabs, no backquote. */
export function canBackquote(text: string): boolean {
  return !/[\u0000-\u0008\u000a-\u001f`\u007f\ufeff\ud800-\udfff]/u.test(text);
}
