import { BracketScanner } from "../../bracket-scanner.ts";

export const pythonQuotes: readonly string[] = ['"', "'"];

const opening = "([{";
const closing = ")]}";

/**
 * Cuts text at a separator, but not inside quotes or brackets.
 * @param quotes  what opens and closes a quoted part; a backslash escapes inside single and double quotes
 * @param brackets  those that count, opening and closing ones
 */
export function splitTopLevel(
  text: string,
  separator: string,
  quotes: readonly string[],
  brackets = opening + closing,
): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; ) {
    const quote = quotes.find((mark) => text.startsWith(mark, at));
    if (quote !== undefined) {
      at = quotedEnd(text, at, quote) ?? text.length;
      continue;
    }
    const character = text.charAt(at);
    if (brackets.includes(character)) depth += opening.includes(character) ? 1 : -1;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
    at += 1;
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts;
}

/** Index after the quoted part that begins at `at`, or undefined when it never closes. */
export function quotedEnd(text: string, at: number, quote: string): number | undefined {
  const stop = quote === '"' ? /["\\]/g : quote === "'" ? /['\\]/g : undefined;
  if (stop === undefined) {
    const close = text.indexOf(quote, at + quote.length);
    return close === -1 ? undefined : close + quote.length;
  }
  stop.lastIndex = at + 1;
  for (let found = stop.exec(text); found !== null; found = stop.exec(text)) {
    if (found[0] === quote) return found.index + 1;
    stop.lastIndex = found.index + 2;
  }
  return undefined;
}

/**
 * `quotedEnd` for a walk that only goes forward: a kind of quote that once never closed never closes later either,
 * and looking for its end again at each place would take quadratic time.
 */
export function quoteFinder(text: string): (at: number, quote: string) => number | undefined {
  const open = new Set<string>();
  return (at, quote) => {
    if (open.has(quote)) return undefined;
    const end = quotedEnd(text, at, quote);
    if (end === undefined) open.add(quote);
    return end;
  };
}

/** Index of the bracket that closes the one at `open`, quoted parts aside; undefined when there is none. */
export function closingIndex(text: string, open: number, quotes: readonly string[]): number | undefined {
  const left = text.charAt(open);
  const right = closing.charAt(opening.indexOf(left));
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quotes.includes(character)) {
      const end = quotedEnd(text, at, character);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (character === left) depth += 1;
    else if (character === right) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return undefined;
}

/** Index after the JSON object or list that `text` begins with, or undefined while it is not complete. */
export function balancedJsonEnd(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = quotedEnd(text, at, '"');
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/**
 * `balancedJsonEnd` for many places of one text that has ended, read about once for all of them.
 * @returns for the place of an opening bracket the index after what closes it
 */
export function jsonEndFinder(text: string): (at: number) => number | undefined {
  const ends = new Map<number, number | undefined>();
  return (at) => {
    // Brackets inside of quotes, as seen from an earlier place, are found when one of them is asked for.
    if (!ends.has(at)) addJsonEnds(text, at, ends);
    return ends.get(at);
  };
}

function addJsonEnds(text: string, from: number, ends: Map<number, number | undefined>): void {
  const open: number[] = [];
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = quotedEnd(text, at, '"');
      if (end === undefined) return;
      at = end - 1;
    } else if (character === "{" || character === "[") {
      open.push(at);
      ends.set(at, undefined);
    } else if (character === "}" || character === "]") {
      const start = open.pop();
      if (start !== undefined) ends.set(start, at + 1);
    }
  }
}

/** The balanced `{…}` parts of a text, in order, those inside others or inside texts left out. */
export function balancedObjects(text: string): string[] {
  const objects: string[] = [];
  const scanner = new BracketScanner("{", "}", true);
  for (let place = scanner.next(text, 0); place !== undefined; place = scanner.next(text, 0))
    objects.push(text.slice(place.start, place.end));
  return objects;
}
