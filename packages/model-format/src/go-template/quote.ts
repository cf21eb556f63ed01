import { escapeGoCharacter } from "@puna/protocol";
import { rejoin } from "./bytes.ts";

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII blank. */
export function isPrintable(character: string): boolean {
  return printable.test(character);
}

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
  const body = text.replace(special, (character) =>
    character === mark ? `\\${mark}` : quoteOne(character, asciiOnly),
  );
  return mark + body + mark;
}

function quoteOne(character: string, asciiOnly: boolean): string {
  const point = character.codePointAt(0) ?? 0;
  const isPlain = point < 0x7f ? point >= 0x20 : !asciiOnly && isPrintable(character);
  if (isPlain && character !== "\\") return character;
  // A byte that is part of no character.
  if (point >= 0xdc80 && point <= 0xdcff) return `\\x${(point - 0xdc00).toString(16)}`;
  return escapeGoCharacter(character);
}

/** Go's strconv.CanBackquote: one line, no control characters but tabs, no backquote. */
export function canBackquote(text: string): boolean {
  return !/[\u0000-\u0008\u000a-\u001f`\u007f\ufeff\ud800-\udfff]/u.test(text);
}
