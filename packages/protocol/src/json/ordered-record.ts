type JsonRecord = Readonly<Record<string, unknown>>;

/** What JavaScript takes for an index and puts before other keys; a few longer numbers match too, which does no harm. */
const indexLike = /^(?:0|[1-9]\d{0,9})$/;
const indexLikeKey = /"(?:0|[1-9]\d{0,9})"[ \t\r\n]*:/;
const textAndColon = /"[^"\\]*(?:\\.[^"\\]*)*"(?=([ \t\r\n]*:)?)/g;

/**
 * A record whose keys come in the order given, also those that look like indices (`"1"`), which JavaScript puts
 * first in plain objects. `Object.keys`, `Object.entries`, `for in` and `JSON.stringify` see that order; copies made with
 * `{ ...record }` lose it. Of equal keys the first gives the place, the last the value.
 * @returns a plain object where no key looks like an index
 */
export function orderedRecord(entries: Iterable<readonly [string, unknown]>): JsonRecord {
  const values = new Map(entries);
  const plain: JsonRecord = Object.fromEntries(values);
  const keys = [...values.keys()];
  if (!keys.some((key) => indexLike.test(key))) return plain;
  return new Proxy(Object.freeze(plain), { ownKeys: () => keys });
}

/**
 * `JSON.parse` that keeps the order of all keys.
 * @throws SyntaxError as `JSON.parse`
 */
export function parseOrderedJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!indexLikeKey.test(text)) return value;
  // With a letter before each key none looks like an index, and the parser keeps the order.
  const marked = text.replace(textAndColon, (string, colon?: string) =>
    colon === undefined ? string : `"k${string.slice(1)}`,
  );
  return unmark(JSON.parse(marked));
}

function unmark(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmark);
  if (typeof value !== "object" || value === null) return value;
  return orderedRecord(Object.entries(value).map(([key, item]) => [key.slice(1), unmark(item)] as const));
}
