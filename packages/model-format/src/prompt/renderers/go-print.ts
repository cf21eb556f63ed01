import { formatShortest } from "../../go-template/format-number.ts";
import { objectEntries } from "./ordered-json.ts";

/**
 * A value as Go's `%v` prints it.
 * @source Go fmt: floats in shortest form, exponent from 1e+06 or below 1e-04; nil as `<nil>`
 */
export function goPrint(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return formatShortest(value);
  if (Array.isArray(value)) return `[${value.map(goPrint).join(" ")}]`;
  const entries = objectEntries(value);
  if (entries === undefined) return String(value);
  return `map[${entries.map(([key, item]) => `${key}:${goPrint(item)}`).join(" ")}]`;
}

/** Whole numbers in full as `%d` prints an int64, anything else as `%v`. */
export function goWholeNumber(value: number): string {
  const fitsInt64 = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
  return fitsInt64 ? BigInt(value).toString() : formatShortest(value);
}
