import { cellWidth } from "./cell-width.ts";

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

/** Rows without a header, each behind `indent` spaces: the body of a section of `show`. */
export function printRows(rows: readonly (readonly string[])[], indent: number): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => cellWidth(row[column] ?? ""))),
  );
  return rows
    .map((row) => {
      const cells = widths.map((width, column) => pad(row[column] ?? "", width));
      return `${" ".repeat(indent)}${cells.join(gap)}${gap}\n`;
    })
    .join("");
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - cellWidth(text)));
}
