import { cellWidth } from "./cell-width.ts";

/** Cells a list may take in the table of `show --verbose`. */
const listWidth = 10;

/**
 * A metadata value in one cell: numbers in the short form of C's `%g`, lists cut to their first items.
 * @source ollama cmd showInfo, as seen in its output
 */
export function printMetadataValue(value: unknown): string {
  if (typeof value === "number") return printNumber(value);
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (!Array.isArray(value))
    return value === null || value === undefined ? "<nil>" : "map[string]interface {}";
  const items = value.map(printItem);
  let width = 1;
  let count = 0;
  for (const item of items) {
    // Room is reckoned for a comma and a space, though only the space is printed.
    width += cellWidth(item) + (count > 0 ? 2 : 0);
    if (width > listWidth && count > 0) break;
    count++;
  }
  const rest = items.length - count;
  return `[${items.slice(0, count).join(" ")}${rest > 0 ? ` ...+${rest} more` : ""}]`;
}

/** An item of a list, with all that is in it. */
function printItem(item: unknown): string {
  if (Array.isArray(item)) return `[${item.map(printItem).join(" ")}]`;
  if (typeof item !== "object" || item === null) return printMetadataValue(item);
  const entries = Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1));
  return `map[${entries.map(([key, value]) => `${key}:${printItem(value)}`).join(" ")}]`;
}

/** Shortest digits that give the number back, with an exponent below 1e-4 and from 1e6 on. */
function printNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  // Within these bounds JavaScript writes plain decimals too.
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
