import { Lexer, type Tokens } from "marked";
import { cellWidth } from "../cell-width.ts";
import { WordWrapper } from "../word-wrap.ts";
import { bold, dim, renderTokens } from "./render-inline.ts";

/** Narrower than this no cell can be read. */
const minColumnWidth = 8;
const gapWidth = 3;

/**
 * A table with its columns in line; cells wrap where the terminal is narrow.
 * @param source  its Markdown, whole lines
 * @returns the source itself where it is no table, or too wide to be drawn
 */
export function renderTable(source: string, columns: number): string {
  const [token] = new Lexer({ gfm: true }).lex(source);
  if (token?.type !== "table") return source;
  // Told by its type just now.
  const table = token as Tokens.Table;
  const rows = [table.header, ...table.rows].map((row) => row.map((cell) => renderTokens(cell.tokens)));
  const widths = fitColumns(
    table.header.map((_, column) => naturalWidth(rows, column)),
    columns,
  );
  if (widths === undefined) return source;
  const [header = [], ...body] = rows.map((row) => drawRow(row, widths, table.align));
  const rule = dim(widths.map((width) => "─".repeat(width)).join("─┼─"));
  return `${[...header.map(bold), rule, ...body.flat()].join("\n")}\n`;
}

function naturalWidth(rows: readonly (readonly string[])[], column: number): number {
  return Math.max(1, ...rows.map((row) => cellWidth(row[column] ?? "")));
}

/** Takes from the widest columns until all fit; undefined where they cannot. */
function fitColumns(natural: readonly number[], columns: number): readonly number[] | undefined {
  const room = columns - 1 - gapWidth * (natural.length - 1);
  const widths = [...natural];
  for (let sum = total(widths); sum > room; sum--) {
    const widest = Math.max(...widths);
    if (widest <= minColumnWidth) return undefined;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0);
}

/** One row of the table; more than one of the screen where a cell wraps. */
function drawRow(row: readonly string[], widths: readonly number[], align: Tokens.Table["align"]): string[] {
  const cells = widths.map((width, column) => wrapCell(row[column] ?? "", width));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    widths
      .map((width, column) => pad(cells[column]?.[line] ?? "", width, align[column] ?? null))
      .join(dim(" │ ")),
  );
}

function wrapCell(text: string, width: number): string[] {
  if (cellWidth(text) <= width) return [text];
  const wrapper = new WordWrapper(width, { exact: true });
  // A style that goes on over a wrapped cell would colour the cells beside it; the words matter more.
  return (wrapper.push(text.replace(/\u001b\[[0-9;]*m/g, "")) + wrapper.end())
    .split("\n")
    .flatMap((line) => chunk(line.trimEnd(), width));
}

/** A word wider than its cell is cut. */
function chunk(line: string, width: number): string[] {
  const parts: string[] = [""];
  for (const character of line) {
    if (cellWidth((parts.at(-1) ?? "") + character) > width) parts.push("");
    parts.push((parts.pop() ?? "") + character);
  }
  return parts;
}

function pad(text: string, width: number, align: "left" | "right" | "center" | null): string {
  const space = Math.max(0, width - cellWidth(text));
  if (align === "right") return " ".repeat(space) + text;
  if (align === "center") return " ".repeat(Math.floor(space / 2)) + text + " ".repeat(Math.ceil(space / 2));
  return text + " ".repeat(space);
}
