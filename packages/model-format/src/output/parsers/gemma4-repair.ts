import type { Tool, ToolProperty } from "@puna/protocol";
import { trimSpaceEnd } from "../../prompt/renderers/trim-space.ts";
import { leadingSpaceLength } from "./reading/hold-back.ts";
import { findTool } from "./reading/request.ts";
import { quoteFinder } from "./reading/top-level.ts";

/** What opens and closes a string in Gemma 4's calls. */
export const gemmaStringMark = '<|"|>';

/**
 * Readings of arguments that cannot be read as they stand, most faithful first. Each is a guess that the
 * caller still has to parse. Repaired are texts in single quotes, a missing string mark, bare text where
 * the schema wants a string, and, where one of these was the trouble, a missing brace at the end.
 */
export function repairedGemmaArguments(
  written: string,
  toolName: string,
  tools: readonly Tool[],
): readonly string[] {
  const quoted = closeString(markSingleQuoted(written));
  const candidates = [quoted === written ? quoted : closeObject(quoted)];
  const marked = markBareText(written, findTool(tools, toolName));
  if (marked !== undefined) candidates.push(closeObject(closeString(markSingleQuoted(marked))));
  return candidates;
}

/** Gives the index after a marked or double-quoted string at a place; undefined where none begins or it never ends. */
function stringFinder(text: string): (at: number) => number | undefined {
  const quotedEnd = quoteFinder(text);
  return (at) => {
    if (text.startsWith(gemmaStringMark, at)) return quotedEnd(at, gemmaStringMark);
    return text.charAt(at) === '"' ? quotedEnd(at, '"') : undefined;
  };
}

function markSingleQuoted(text: string): string {
  let result = "";
  const stringEnd = stringFinder(text);
  const quotedEnd = quoteFinder(text);
  for (let at = 0; at < text.length; ) {
    const end = stringEnd(at);
    if (end !== undefined) {
      result += text.slice(at, end);
      at = end;
      continue;
    }
    if (text.startsWith(gemmaStringMark, at)) return result + text.slice(at);
    result += text.charAt(at);
    at += 1;
    if (text.charAt(at - 1) !== ":") continue;
    const start = at + leadingSpaceLength(text.slice(at));
    const close = text.charAt(start) === "'" ? quotedEnd(start, "'") : undefined;
    if (close === undefined) continue;
    result += text.slice(at, start) + gemmaStringMark + text.slice(start + 1, close - 1) + gemmaStringMark;
    // Models that mix both kinds of quotes leave a mark behind.
    at = text.startsWith(gemmaStringMark, close) ? close + gemmaStringMark.length : close;
  }
  return result;
}

/** Adds the mark that an odd number of them lacks, before the bracket that ends the text if one does. */
function closeString(text: string): string {
  if ((text.split(gemmaStringMark).length - 1) % 2 === 0) return text;
  const trimmed = trimSpaceEnd(text).length;
  const at = "}]".includes(text.charAt(trimmed - 1)) && trimmed > 0 ? trimmed - 1 : trimmed;
  return text.slice(0, at) + gemmaStringMark + text.slice(at);
}

function closeObject(text: string): string {
  const trimmed = trimSpaceEnd(text);
  return trimmed.endsWith("}") ? text : `${trimmed}}`;
}

/** Marks bare text as a string for the first parameter that takes strings and has such text. */
function markBareText(text: string, tool: Tool | undefined): string | undefined {
  const properties = tool?.function.parameters.properties ?? {};
  for (const [key, property] of Object.entries(properties)) {
    if (!takesStrings(property)) continue;
    const start = bareValueStart(text, key);
    if (start === undefined) continue;
    const end = bareValueEnd(text, start, Object.keys(properties));
    return (
      text.slice(0, start) + gemmaStringMark + text.slice(start, end) + gemmaStringMark + text.slice(end)
    );
  }
  return undefined;
}

function takesStrings(property: ToolProperty): boolean {
  const types = [property.type ?? []].flat();
  return types.some((type) => type.toLowerCase() === "string") || (property.anyOf ?? []).some(takesStrings);
}

function bareValueStart(text: string, key: string): number | undefined {
  const stringEnd = stringFinder(text);
  for (let at = 0; at < text.length; at += 1) {
    const end = stringEnd(at);
    if (end !== undefined) {
      at = end - 1;
      continue;
    }
    if (text.startsWith(gemmaStringMark, at)) return undefined;
    if (text.charAt(at) !== "{" && text.charAt(at) !== ",") continue;
    const start = at + 1 + leadingSpaceLength(text.slice(at + 1));
    if (!text.startsWith(key, start)) continue;
    const colon = start + key.length + leadingSpaceLength(text.slice(start + key.length));
    if (text.charAt(colon) !== ":") continue;
    const value = text.slice(colon + 1);
    // Quotes, brackets, numbers, true, false and null mean something else than text.
    const structured = /^(?:<\|"\|>|['"{[\-0-9tfn])/.test(value.slice(leadingSpaceLength(value)));
    if (!structured) return colon + 1;
  }
  return undefined;
}

const nextKey = /,\s*([\p{L}\p{Nd}_]+)\s*:/gu;

/** Bare text ends before the next parameter that the tool declares, or before the closing brace. */
function bareValueEnd(text: string, start: number, keys: readonly string[]): number {
  for (const match of text.slice(start).matchAll(nextKey)) {
    if (keys.includes(match[1] ?? "")) return start + match.index;
  }
  const trimmed = trimSpaceEnd(text);
  return trimmed.endsWith("}") && trimmed.length > start ? trimmed.length - 1 : text.length;
}
