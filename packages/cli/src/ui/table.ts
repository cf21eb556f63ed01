import { cellWidth } from "./cell-width.ts";
import { wrapCell } from "./wrap-cell.ts";

const gap = "    ";

/**
 * A borderless table as scripts know it from `ollama list`: left aligned, four spaces between columns and
 * after the last one; the last header cell is followed by a single space.
 */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) =>
    Math.max(cellWidth(name), ...rows.map((row) => cellWidth(row[column] ?? ""))),
  );
  const cells = (row: readonly string[]) => widths.map((width, column) => pad(row[column] ?? "", width));
  return [`${cells(header).join(gap)} `, ...rows.map((row) => `${cells(row).join(gap)}${gap}`)]
    .map((line) => `${line}\n`)
    .join("");
}

/** Widest column of a section of `show`, unless a word is wider. */
const columnWidth = 30;

/**
 * Rows without a header, each behind `indent` spaces: the body of a section of `show`. Cells that are wider than
 * `limit` go on below, and then two spaces stand for cells, and for the indent, that have no line there.
 */
export function printRows(
  rows: readonly (readonly string[])[],
  indent: number,
  limit: number = columnWidth,
): string {
  const cells = rows.map((row) => row.map((cell) => wrapCell(cell, limit)));
  const widths: number[] = [];
  cells.forEach((row, index) => {
    row.forEach((lines, column) => {
      // A text that goes on below takes all the room there is, though its lines may leave some.
      const whole = Math.min(limit, textWidth(rows[index]?.[column] ?? ""));
      widths[column] = Math.max(widths[column] ?? 0, whole, ...lines.map(cellWidth));
    });
  });
  const printed = cells.flatMap((row) =>
    Array.from({ length: Math.max(...row.map((lines) => lines.length)) }, (_, line) => {
      const columns = row.map((lines, column) => `${pad(lines[line] ?? "  ", widths[column] ?? 0)}${gap}`);
      return `${" ".repeat(line === 0 ? indent : indent + 2)}${columns.join("")}\n`;
    }),
  );
  return printed.join("");
}

function textWidth(text: string): number {
  return Math.max(...text.split("\n").map(cellWidth));
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - cellWidth(text)));
}
