import { orderedRecord, parseOrderedJson } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import { parseInteger, parseReal } from "./reading/go-numbers.ts";
import type { CallArguments } from "./reading/stream-parser.ts";
import { pythonQuotes, quotedEnd, quoteFinder } from "./reading/top-level.ts";

/**
 * Reads `a='x', b=[1, 2]`. A text ends at its quote, so the comma behind it may be missing.
 * @returns undefined when a name or a value is missing, or a text never ends
 */
export function readLfm2Arguments(text: string): CallArguments | undefined {
  const entries: [string, unknown][] = [];
  for (let at = skip(separators, text, 0); at < text.length; ) {
    const equals = at + text.slice(at).search(/[=,]|$/);
    const key = trimSpace(text.slice(at, equals));
    const start = skip(blanks, text, equals + 1);
    if (text.charAt(equals) !== "=" || key === "" || start >= text.length) return undefined;
    const quote = text.charAt(start);
    const isText = pythonQuotes.includes(quote);
    const end = isText ? quotedEnd(text, start, quote) : bareEnd(text, start);
    if (end === undefined) return undefined;
    // Texts are taken as written, backslashes included: what these models put there is not escaped.
    entries.push([
      key,
      isText ? text.slice(start + 1, end - 1) : readLiteral(trimSpace(text.slice(start, end))),
    ]);
    at = skip(separators, text, end);
  }
  return orderedRecord(entries);
}

const separators = /[\t-\r ,]*/y;
const blanks = /[\t-\r ]*/y;

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

/** Where the comma after a value without quotes is: not inside brackets or texts. */
function bareEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (pythonQuotes.includes(character)) at = (quotedEnd(text, at, character) ?? text.length) - 1;
    else if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth = Math.max(0, depth - 1);
    else if (character === "," && depth === 0) return at;
  }
  return text.length;
}

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["null", null],
  ["None", null],
]);

/** Text that is no literal stands for itself. */
function readLiteral(text: string): unknown {
  if (words.has(text)) return words.get(text);
  const number = parseInteger(text) ?? parseReal(text);
  if (number !== undefined) return number;
  if (!text.startsWith("[") && !text.startsWith("{")) return text;
  return jsonOrNothing(text) ?? jsonOrNothing(pythonToJson(text)) ?? text;
}

function jsonOrNothing(text: string): unknown {
  try {
    return parseOrderedJson(text);
  } catch {
    return undefined;
  }
}

const word = /[A-Za-z_]\w*/y;

/** Puts JSON's quotes around texts and writes Python's words as JSON's; what is no JSON then stays none. */
function pythonToJson(text: string): string {
  let json = "";
  const textEnd = quoteFinder(text);
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    word.lastIndex = at;
    const name = word.exec(text)?.[0];
    const end = pythonQuotes.includes(character) ? textEnd(at, character) : undefined;
    if (name !== undefined) json += words.has(name) ? JSON.stringify(words.get(name)) : name;
    else if (end === undefined) json += character;
    else json += character === '"' ? text.slice(at, end) : requoted(text.slice(at + 1, end - 1));
    at = end ?? at + (name?.length ?? 1);
  }
  return json;
}

function requoted(inner: string): string {
  return `"${inner.replace(/\\.|"/gs, (part) => (part === '"' ? '\\"' : part))}"`;
}
