import { orderedRecord } from "@puna/protocol";
import { trimSpace } from "../../../prompt/renderers/trim-space.ts";
import { parseInteger, parseReal } from "./go-numbers.ts";
import type { CallArguments } from "./stream-parser.ts";
import { quotedEnd, splitTopLevel } from "./top-level.ts";

/** Text that is no call, or an argument that is no `name=value`. */
export class PythonCallError extends Error {}

export interface PythonRules {
  /** Turns what stands between the quotes of a text into its meaning. */
  readonly unquote: (inner: string) => string;
  /** Names that stand for null. */
  readonly nulls: readonly string[];
  /** Whether bare words may stand for texts inside lists and dictionaries. */
  readonly bareWords: boolean;
}

export const pythonQuotes: readonly string[] = ['"', "'"];

/**
 * Reads `a='x', b=[1, 2]`.
 * @throws PythonCallError when a part has no `=` or a value cannot be read
 */
export function readKeywordArguments(text: string, rules: PythonRules): CallArguments {
  const entries: [string, unknown][] = [];
  for (const part of splitTopLevel(text, ",", pythonQuotes)) {
    if (trimSpace(part) === "") continue;
    const equals = part.indexOf("=");
    const key = trimSpace(part.slice(0, Math.max(0, equals)));
    if (equals === -1 || key === "") throw new PythonCallError("expected name=value");
    entries.push([key, readPythonValue(part.slice(equals + 1), rules)]);
  }
  return orderedRecord(entries);
}

/** Reads one value; text that is no literal stands for itself where `rules.bareWords` lets it. */
function readPythonValue(source: string, rules: PythonRules): unknown {
  const text = trimSpace(source);
  const first = text.charAt(0);
  const last = text.charAt(text.length - 1);
  if (pythonQuotes.includes(first) && quotedEnd(text, 0, first) === text.length) {
    return rules.unquote(text.slice(1, -1));
  }
  if (text === "true" || text === "True") return true;
  if (text === "false" || text === "False") return false;
  if (rules.nulls.includes(text)) return null;
  const number = parseInteger(text) ?? parseReal(text);
  if (number !== undefined) return number;
  if (first === "[" && last === "]") return readList(text.slice(1, -1), rules);
  if (first === "{" && last === "}") return readDictionary(text.slice(1, -1), rules);
  if (!rules.bareWords) throw new PythonCallError("not a literal");
  return text;
}

function readList(inner: string, rules: PythonRules): readonly unknown[] {
  return splitTopLevel(inner, ",", pythonQuotes)
    .filter((part) => trimSpace(part) !== "")
    .map((part) => readPythonValue(part, rules));
}

function readDictionary(inner: string, rules: PythonRules): CallArguments {
  const entries: [string, unknown][] = [];
  for (const part of splitTopLevel(inner, ",", pythonQuotes)) {
    const text = trimSpace(part);
    if (text === "") continue;
    const key = pythonQuotes.includes(text.charAt(0))
      ? text.slice(0, quotedEnd(text, 0, text.charAt(0)))
      : undefined;
    const colon = text.indexOf(":", key?.length ?? 0);
    if (colon === -1 || (key === undefined && !rules.bareWords))
      throw new PythonCallError("expected key: value");
    const name = key === undefined ? trimSpace(text.slice(0, colon)) : key.slice(1, -1);
    entries.push([name, readPythonValue(text.slice(colon + 1), rules)]);
  }
  return orderedRecord(entries);
}
