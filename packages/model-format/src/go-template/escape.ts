import { rejoin, toBytes } from "./bytes.ts";
import { isPrintable } from "./quote.ts";

const htmlEscapes: Readonly<Record<string, string>> = {
  "\0": "\uFFFD",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

/** Go's template.HTMLEscapeString. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (character) => htmlEscapes[character] ?? character);
}

const jsEscapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};

const jsSpecial = /[\\'"<>&=\u0000-\u001f]|[^\u0000-\u007f]/gu;

/** Go's template.JSEscapeString. */
export function escapeJs(text: string): string {
  return rejoin(text).replace(jsSpecial, (character) => jsEscapes[character] ?? escapeJsCharacter(character));
}

function escapeJsCharacter(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20) return `\\u00${hex(point, 2)}`;
  // A stray byte is written as it is: Go prints the replacement character it reads as, byte for byte.
  const isStray = point >= 0xdc80 && point <= 0xdcff;
  return isStray || isPrintable(character) ? character : `\\u${hex(point, 4)}`;
}

/** Go's url.QueryEscape. */
export function escapeQuery(text: string): string {
  return rejoin(text).replace(/[^A-Za-z0-9\-_.~]/gu, (character) => {
    if (character === " ") return "+";
    return Array.from(toBytes(character), (byte) => `%${hex(byte, 2)}`).join("");
  });
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
