import { displayOf, graphemesOf, widthOf } from "./graphemes.ts";
import type { EditorState } from "./line-editor.ts";
import { textOf } from "./text-buffer.ts";

/** Texts around the line; all of them one row. */
export interface LineFrame {
  readonly prompt: string;
  /** Before the second and further lines of one text. */
  readonly continuation: string;
  /** Shown behind the cursor while nothing is typed. */
  readonly placeholder: string;
}

/** A line as it must look on screen. Rows are counted from 0, the one with the prompt. */
export interface DrawnLine {
  /** Everything, and the part before the cursor. `\n` begins a row; rows that are full wrap by themselves. */
  readonly text: string;
  readonly beforeCursor: string;
  readonly lastRow: number;
  readonly cursorRow: number;
  /** The text (or its part before the cursor) fills its row to the last cell: the next row must be asked for. */
  readonly endsAtEdge: boolean;
  readonly cursorAtEdge: boolean;
  readonly placeholder: string;
}

/** Lays a line out for so many columns. */
export function drawLine(
  state: EditorState,
  frame: LineFrame,
  history: readonly string[],
  columns: number,
): DrawnLine {
  const search = state.search;
  if (search !== undefined) {
    const found = search.index === undefined ? "" : (history[search.index] ?? "");
    const label = search.index === undefined && search.query !== "" ? "failed " : "";
    const before = `(${label}reverse-i-search)\`${search.query}`;
    return layOut("", before, `': ${found.replaceAll("\n", " ")}`, { ...frame, placeholder: "" }, columns);
  }
  const { before, after } = state.buffer;
  const placeholder = textOf(state.buffer) === "" ? frame.placeholder : "";
  return layOut(frame.prompt, before, after, { ...frame, placeholder }, columns);
}

function layOut(prompt: string, before: string, after: string, frame: LineFrame, columns: number): DrawnLine {
  const head = shown(prompt + before, frame.continuation);
  const whole = shown(prompt + before + after, frame.continuation);
  const [cursor, end] = [measure(head, columns), measure(whole, columns)];
  return {
    text: whole,
    beforeCursor: head,
    lastRow: end.rowsBelow,
    cursorRow: cursor.rowsBelow,
    endsAtEdge: end.isAtEdge,
    cursorAtEdge: cursor.isAtEdge,
    placeholder: frame.placeholder,
  };
}

function shown(text: string, continuation: string): string {
  return graphemesOf(text)
    .map((grapheme) => (grapheme === "\n" ? `\n${continuation}` : displayOf(grapheme)))
    .join("");
}

/**
 * The line with as many rows as fit, those around its cursor: what has left the screen cannot be drawn over.
 * @param rows  of the whole terminal
 */
export function fitToScreen(line: DrawnLine, columns: number, rows: number): DrawnLine {
  const height = Math.max(1, rows - 1);
  if (line.lastRow < height) return line;
  const { starts } = measure(line.text, columns);
  const first = Math.min(line.lastRow - height + 1, line.cursorRow);
  const start = starts[first] ?? line.text.length;
  const next = starts[first + height];
  // The break before the first row that is left out would begin that row.
  const text = line.text.slice(start, next).replace(/\n$/, "");
  return {
    ...line,
    text,
    beforeCursor: line.beforeCursor.slice(start),
    cursorRow: line.cursorRow - first,
    lastRow: next === undefined ? line.lastRow - first : height - 1,
    endsAtEdge: next === undefined && line.endsAtEdge,
  };
}

/** Where the rows of a text begin, and where it leaves the cursor; at the edge, a terminal wraps only with the next character. */
function measure(text: string, columns: number) {
  const starts = [0];
  let column = 0;
  let at = 0;
  for (const grapheme of graphemesOf(text)) {
    const width = grapheme === "\n" ? 0 : widthOf(grapheme);
    if (column + width > columns) {
      starts.push(at);
      column = 0;
    }
    at += grapheme.length;
    column += width;
    if (grapheme !== "\n") continue;
    starts.push(at);
    column = 0;
  }
  const isAtEdge = column >= columns;
  return { starts, isAtEdge, rowsBelow: isAtEdge ? starts.length : starts.length - 1 };
}
