import { orderedRecord } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import { parseInteger, parseReal } from "./reading/go-numbers.ts";
import type { CallArguments } from "./reading/stream-parser.ts";
import { pythonQuotes, quotedEnd, splitTopLevel } from "./reading/top-level.ts";

/** Text that is no call, an argument that is no `name=value`, or an entry that is no `key: value`. */
export class Olmo3ArgumentError extends Error {}

/**
 * Reads `a='x', b=[1, 2]`.
 * @throws Olmo3ArgumentError when a part has no `=`, or one of a dictionary no `:`
 */
export function readOlmo3Arguments(text: string): CallArguments {
  const entries: [string, unknown][] = [];
  for (const part of splitTopLevel(text, ",", pythonQuotes)) {
    if (trimSpace(part) === "") continue;
    const equals = part.indexOf("=");
    if (equals === -1) throw new Olmo3ArgumentError("expected name=value");
    entries.push([trimSpace(part.slice(0, equals)), readValue(part.slice(equals + 1))]);
  }
  return orderedRecord(entries);
}

const nulls: readonly string[] = ["null", "None", "nil"];

/** Reads one value; text that is no literal stands for itself. */
function readValue(source: string): unknown {
  const text = trimSpace(source);
  const first = text.charAt(0);
  const last = text.charAt(text.length - 1);
  // Whatever is between the quotes: these models do not escape every quote inside.
  if (pythonQuotes.includes(first) && last === first && text.length > 1)
    return unescapeText(text.slice(1, -1));
  if (text === "true" || text === "True") return true;
  if (text === "false" || text === "False") return false;
  if (nulls.includes(text)) return null;
  const number = parseInteger(text) ?? parseReal(text);
  if (number !== undefined) return number;
  if (first === "[" && last === "]") return readList(text.slice(1, -1));
  if (first === "{" && last === "}") return readDictionary(text.slice(1, -1));
  return text;
}

function unescapeText(inner: string): string {
  const meanings: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return inner.replace(/\\([\\"'ntr])/g, (_, letter: string) => meanings[letter] ?? letter);
}

function readList(inner: string): readonly unknown[] {
  return trimSpace(inner) === "" ? [] : splitTopLevel(inner, ",", pythonQuotes).map(readValue);
}

function readDictionary(inner: string): CallArguments {
  const entries: [string, unknown][] = [];
  for (const part of splitTopLevel(inner, ",", pythonQuotes)) {
    const text = trimSpace(part);
    if (text === "") continue;
    const key = pythonQuotes.includes(text.charAt(0))
      ? text.slice(0, quotedEnd(text, 0, text.charAt(0)))
      : undefined;
    const colon = text.indexOf(":", key?.length ?? 0);
    if (colon === -1) throw new Olmo3ArgumentError("expected key: value");
    const name = key === undefined ? trimSpace(text.slice(0, colon)) : key.slice(1, -1);
    entries.push([name, readValue(text.slice(colon + 1))]);
  }
  return orderedRecord(entries);
}
