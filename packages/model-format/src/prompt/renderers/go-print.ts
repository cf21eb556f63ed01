import { objectEntries } from "./go-json.ts";

/**
 * A value as Go's `%v` prints it.
 * @source Go fmt: floats in shortest form, exponent from 1e+06 or below 1e-04; nil as `<nil>`
 */
export function goPrint(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return goFloat(value);
  if (Array.isArray(value)) return `[${value.map(goPrint).join(" ")}]`;
  const entries = objectEntries(value);
  if (entries === undefined) return String(value);
  return `map[${entries.map(([key, item]) => `${key}:${goPrint(item)}`).join(" ")}]`;
}

/** Whole numbers in full as `%d` prints an int64, anything else as `%v`. */
export function goWholeNumber(value: number): string {
  const fitsInt64 = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
  return fitsInt64 ? BigInt(value).toString() : goFloat(value);
}

function goFloat(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  // JavaScript writes this range without an exponent, in the same shortest digits as Go.
  if (exponent >= -4 && exponent < 6) return String(value);
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/**
 * A string as Go's `%q` quotes it: what is not printable becomes an escape, other text stays.
 * @source Go strconv.Quote, unicode.IsPrint
 */
export function goQuote(text: string): string {
  const escaped = text.toWellFormed().replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    const known = escapes[character];
    if (known !== undefined) return known;
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
    if (code > 0xffff) return `\\U${code.toString(16).padStart(8, "0")}`;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
