import type { RuntimeValue } from "./library.ts";
import { isNone, isUndefined, pythonText } from "./runtime-values.ts";

export interface JsonStyle {
  /** Blanks per level; absent: all on one line. */
  readonly indent?: number;
  /** Between elements. Default `, `, or `,` where lines end there. */
  readonly between?: string;
  /** Default `: `. */
  readonly behindKey?: string;
  /** Escape everything that is not ASCII. */
  readonly ascii: boolean;
  readonly sorted: boolean;
}

/** A value as Python's `json.dumps` writes it. @throws Error for what JSON has no form for */
export function toJson(value: RuntimeValue, style: JsonStyle, depth = 0): string {
  const inner = value.value;
  if (isNone(value) || isUndefined(value)) return "null";
  if (typeof inner === "string") return quoted(inner, style);
  if (typeof inner === "boolean") return String(inner);
  if (typeof inner === "number") return pythonText(value);
  if (Array.isArray(inner)) {
    const items = inner.map((item) => toJson(item, style, depth + 1));
    return `[${laidOut(items, style, depth)}]`;
  }
  if (!(inner instanceof Map)) throw new Error(`Cannot convert to JSON: ${value.type}`);
  const entries = [...inner];
  if (style.sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const colon = style.behindKey ?? ": ";
  const pairs = entries.map(([key, item]) => quoted(key, style) + colon + toJson(item, style, depth + 1));
  return `{${laidOut(pairs, style, depth)}}`;
}

function laidOut(items: readonly string[], { indent, between }: JsonStyle, depth: number): string {
  if (indent === undefined || items.length === 0) return items.join(between ?? ", ");
  const line = (level: number) => `\n${" ".repeat(indent * level)}`;
  return line(depth + 1) + items.join((between ?? ",") + line(depth + 1)) + line(depth);
}

function quoted(text: string, { ascii }: JsonStyle): string {
  const json = JSON.stringify(text);
  return ascii
    ? json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : json;
}
