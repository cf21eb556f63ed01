import type { Tool, ToolProperty } from "@puna/protocol";
import { orderedRecord, parseOrderedJson } from "@puna/protocol";
import { type ArgumentShape, keyMark, type Pieces, type TaggedCallShape } from "./call-shape.ts";
import { argumentTypes, coerceArgument } from "./coerce-arguments.ts";
import { asObject, type JsonCall } from "./parsers/reading/json-call.ts";
import { balancedJsonEnd } from "./parsers/reading/top-level.ts";

/** `open`: more text decides; `broken`: no such thing, whatever follows. */
type Unread = "open" | "broken";

/** Something read, and where the text goes on behind it. */
export interface Found<T> {
  readonly value: T;
  readonly end: number;
}

/**
 * Looks for pieces of text, blanks before them aside.
 * @returns the place behind them
 */
export function expectPieces(text: string, at: number, pieces: Pieces): number | Unread {
  let place = at;
  for (const piece of pieces) {
    place = afterBlanks(text, place);
    if (!text.startsWith(piece, place)) return piece.startsWith(text.slice(place)) ? "open" : "broken";
    place += piece.length;
  }
  return place;
}

/** Reads a call of one of the tools, from its opening tag to its closing one. */
export function readTaggedCall(
  text: string,
  at: number,
  shape: TaggedCallShape,
  tools: readonly Tool[],
): Found<JsonCall> | Unread {
  const start = expectPieces(text, at, shape.call.open);
  if (typeof start !== "number") return start;
  const nameAt = afterBlanks(text, start);
  const rest = text.slice(nameAt);
  let best: Unread = tools.some((tool) => tool.function.name.startsWith(rest)) ? "open" : "broken";
  for (const tool of tools) {
    const { name, parameters } = tool.function;
    if (!rest.startsWith(name)) continue;
    const begin = expectPieces(text, nameAt + name.length, shape.call.nameEnd);
    const found =
      typeof begin === "number"
        ? readArguments(text, begin, {
            shape: shape.argument,
            close: shape.call.close,
            properties: parameters.properties,
          })
        : begin;
    if (typeof found === "object")
      return { value: { name, arguments: orderedRecord(found.value) }, end: found.end };
    if (found === "open") best = "open";
  }
  return best;
}

interface ArgumentList {
  readonly shape: ArgumentShape;
  /** What ends the list. */
  readonly close: Pieces;
  readonly properties?: Readonly<Record<string, ToolProperty>> | null | undefined;
  /** Schema of every entry, where they are items of a list. */
  readonly items?: ToolProperty | undefined;
}

type Entry = readonly [key: string, value: unknown];

function readArguments(text: string, at: number, list: ArgumentList): Found<readonly Entry[]> | Unread {
  const { shape, close, properties, items } = list;
  const entries: Entry[] = [];
  for (let place = at; ; ) {
    const end = expectPieces(text, place, close);
    if (typeof end === "number") return { value: entries, end };
    const begin = expectPieces(text, place, shape.open);
    if (typeof begin !== "number") return end === "open" ? "open" : begin;
    const key = /^[^<>"\n]*/.exec(text.slice(begin))?.[0] ?? "";
    const keyEnd = begin + key.length;
    if (keyEnd === text.length) return "open";
    if (key === "") return "broken";
    const own = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const found = readArgument(text, keyEnd, { shape, key, property: items ?? own });
    if (typeof found !== "object") return found;
    entries.push([key, found.value]);
    place = found.end;
  }
}

interface Argument {
  readonly shape: ArgumentShape;
  readonly key: string;
  readonly property: ToolProperty | undefined;
}

/** @param at  where the key ends */
function readArgument(text: string, at: number, { shape, key, property }: Argument): Found<unknown> | Unread {
  const middle = readMiddle(text, at, shape);
  if (typeof middle !== "object") return middle;
  const isKeyed = shape.close.some((piece) => piece.includes(keyMark));
  const close = shape.close.map((piece) => piece.replaceAll(keyMark, key));
  const isText = isOnlyText(property, middle.value);
  if (isKeyed && !isText) {
    const nested = readNested(text, middle.end, { shape, close, property });
    if (nested !== "broken") return nested;
  }
  const body = findValue(text, middle.end, { close, isText, isWrapped: shape.isWrapped });
  if (typeof body !== "object") return body;
  const value = withoutBlanks(body.value, shape);
  return { value: isText ? value : readValue(value, property), end: body.end };
}

/** Objects and lists whose parts stand between tags themselves. */
function readNested(
  text: string,
  at: number,
  { shape, close, property }: { shape: ArgumentShape; close: Pieces; property: ToolProperty | undefined },
): Found<unknown> | Unread {
  const isList = argumentTypes(property).includes("array");
  if (!isList && property?.properties === undefined) return "broken";
  // A schema of items is one like any other; only its type is wider.
  const items = isList ? (asObject(property?.items) as ToolProperty | undefined) : undefined;
  const found = readArguments(text, at, { shape, close, items, properties: property?.properties });
  if (typeof found !== "object") return found;
  const value = isList ? found.value.map(([, item]) => item) : orderedRecord(found.value);
  return { value, end: found.end };
}

/** What stands between key and value. @returns the word that tells text from other values, if there is one */
function readMiddle(
  text: string,
  at: number,
  { middle, kind }: ArgumentShape,
): Found<"text" | "other" | undefined> | Unread {
  if (kind === undefined) {
    const end = expectPieces(text, at, middle);
    return typeof end === "number" ? { value: undefined, end } : end;
  }
  const begin = expectPieces(text, at, kind.before);
  if (typeof begin !== "number") return begin;
  const word = /^\w*/.exec(text.slice(begin))?.[0] ?? "";
  const end = expectPieces(text, begin + word.length, kind.after);
  return typeof end === "number" ? { value: word === kind.text ? "text" : "other", end } : end;
}

const wrapOpen = "<![CDATA[";
const wrapClose = "]]>";

function findValue(
  text: string,
  at: number,
  { close, isText, isWrapped }: { close: Pieces; isText: boolean; isWrapped: boolean },
): Found<string> | Unread {
  const rest = text.slice(at);
  if (isText && isWrapped && rest.startsWith(wrapOpen)) {
    const inner = rest.indexOf(wrapClose);
    if (inner === -1) return "open";
    const end = expectPieces(rest, inner + wrapClose.length, close);
    return typeof end === "number" ? { value: rest.slice(wrapOpen.length, inner), end: at + end } : end;
  }
  // Texts inside of JSON may hold the tag.
  const jsonEnd = isText || !/^\s*[{[]/.test(rest) ? undefined : balancedJsonEnd(rest);
  const jsonClosed = jsonEnd === undefined ? "broken" : expectPieces(rest, jsonEnd, close);
  if (typeof jsonClosed === "number") return { value: rest.slice(0, jsonEnd), end: at + jsonClosed };
  const found = rest.indexOf(close[0] ?? "");
  if (found === -1) return "open";
  const end = expectPieces(rest, found, close);
  return typeof end === "number" ? { value: rest.slice(0, found), end: at + end } : end;
}

function withoutBlanks(value: string, { blanks }: ArgumentShape): string {
  const start = value.startsWith(blanks.before) ? blanks.before.length : 0;
  const end = value.endsWith(blanks.after) ? value.length - blanks.after.length : value.length;
  return value.slice(start, Math.max(start, end));
}

/** Only text, as far as schema and tags tell. */
function isOnlyText(property: ToolProperty | undefined, kind: "text" | "other" | undefined): boolean {
  const types = argumentTypes(property);
  if (types.length === 0) return kind !== "other";
  return types.includes("string") && (types.length === 1 || kind === "text");
}

/** A value that may be something else than text. */
function readValue(text: string, property: ToolProperty | undefined): unknown {
  if (argumentTypes(property).includes("string")) return coerceArgument(text, property);
  try {
    return parseOrderedJson(text);
  } catch {
    return coerceArgument(text.trim(), property);
  }
}

function afterBlanks(text: string, at: number): number {
  let place = at;
  while (place < text.length && " \t\r\n".includes(text.charAt(place))) place += 1;
  return place;
}
