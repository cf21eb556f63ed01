import type { ToolCall } from "@puna/protocol";
import { compareBytes } from "../../go-template/bytes.ts";
import { goPrint, goWholeNumber } from "./go-print.ts";
import { objectEntries } from "./ordered-json.ts";

/** How one Gemma dialect writes values. */
export interface GemmaDialect {
  /** Stands at both ends of a text. */
  readonly quote: string;
  readonly none: string;
  /** Keys of inner objects are quoted, too. */
  readonly quotesKeys?: boolean;
}

/** A value in Gemma's own notation: keys sorted, no spaces. */
export function gemmaValue(value: unknown, dialect: GemmaDialect): string {
  if (value === null || value === undefined) return dialect.none;
  if (typeof value === "string") return quoted(value, dialect);
  if (typeof value === "number") return goWholeNumber(value);
  if (Array.isArray(value)) return `[${value.map((item) => gemmaValue(item, dialect)).join(",")}]`;
  const entries = objectEntries(value);
  if (entries === undefined) return goPrint(value);
  const pairs = entries.map(([key, item]) => {
    const name = dialect.quotesKeys ? quoted(key, dialect) : key;
    return `${name}:${gemmaValue(item, dialect)}`;
  });
  return `{${pairs.join(",")}}`;
}

/** `call:name{key:value,…}` */
export function gemmaCall(call: ToolCall, dialect: GemmaDialect): string {
  const names = Object.keys(call.function.arguments).sort(compareBytes);
  const pairs = names.map((name) => `${name}:${gemmaValue(call.function.arguments[name], dialect)}`);
  return `call:${call.function.name}{${pairs.join(",")}}`;
}

/** Texts in brackets, as lists of required keys are written. */
export function quotedList(texts: readonly string[], dialect: GemmaDialect): string {
  return `[${texts.map((text) => quoted(text, dialect)).join(",")}]`;
}

export function quoted(text: string, { quote }: GemmaDialect): string {
  return quote + text + quote;
}
