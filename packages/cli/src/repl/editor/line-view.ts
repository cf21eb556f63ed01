import type { OutputStream } from "../../context.ts";
import { cellWidth } from "../../ui/cell-width.ts";
import { type DrawnLine, drawLine, fitToScreen, type LineFrame } from "./draw-line.ts";
import type { EditorState } from "./line-editor.ts";

const grey = "\u001b[38;5;245m";
const reset = "\u001b[0m";
const clearBelow = "\u001b[J";
const defaultColumns = 80;

/** Draws one line being edited over its own last drawing. Writes only what the terminal must show; knows no keys. */
export class LineView {
  readonly #out: OutputStream;
  readonly #frame: LineFrame;
  readonly #colors: boolean;
  /** What is on the screen, the line it is a part of, and what both were made of. */
  #drawn:
    | {
        readonly line: DrawnLine;
        readonly whole: DrawnLine;
        readonly state: EditorState;
        readonly columns: number;
      }
    | undefined;
  #history: readonly string[] = [];

  constructor(out: OutputStream, frame: LineFrame, colors: boolean) {
    this.#out = out;
    this.#frame = frame;
    this.#colors = colors;
  }

  draw(state: EditorState, history: readonly string[]): void {
    const { columns = defaultColumns, rows = Number.POSITIVE_INFINITY } = this.#out;
    const whole = drawLine(state, this.#frame, history, columns);
    const line = fitToScreen(whole, columns, rows);
    this.#out.write(this.#toTop(columns) + clearBelow + this.#print(line, columns));
    this.#drawn = { line, whole, state, columns };
    this.#history = history;
  }

  /** Leaves the whole line as it stands, without its placeholder, and the cursor in the row below. */
  finish(): void {
    if (this.#drawn === undefined) return;
    const { whole, columns } = this.#drawn;
    // A full last row has put the cursor into the next one already.
    const end = whole.endsAtEdge ? "" : "\r\n";
    this.#out.write(this.#toTop(columns) + clearBelow + whole.text.replaceAll("\n", "\r\n") + end);
    this.#drawn = undefined;
  }

  /** Removes the line from the screen. */
  erase(): void {
    this.#out.write(`${this.#toTop(this.#out.columns ?? defaultColumns)}${clearBelow}`);
    this.#drawn = undefined;
  }

  clearScreen(): void {
    this.#out.write("\u001b[H\u001b[2J");
    this.#drawn = undefined;
  }

  /** To the first row of the last drawing. */
  #toTop(columns: number): string {
    if (this.#drawn === undefined) return "\r";
    const { line, state, columns: before } = this.#drawn;
    // After a resize some terminals have wrapped the line anew and some have not: the smaller distance never
    // reaches into what was printed earlier.
    const rows =
      before === columns
        ? line.cursorRow
        : Math.min(line.cursorRow, drawLine(state, this.#frame, this.#history, columns).cursorRow);
    return `${rows > 0 ? `\u001b[${rows}A` : ""}\r`;
  }

  #print(line: DrawnLine, columns: number): string {
    const rows = (text: string) => text.replaceAll("\n", "\r\n");
    const all = rows(line.text) + (line.endsAtEdge ? "\r\n" : "");
    if (line.placeholder !== "") return all + this.#placeholder(line, columns);
    if (line.beforeCursor === line.text) return all;
    // The part before the cursor is printed once more, so that the terminal itself finds the column: its idea of a
    // character's width may be another than ours.
    const up = line.lastRow > 0 ? `\u001b[${line.lastRow}A` : "";
    return `${all}${up}\r${rows(line.beforeCursor)}${line.cursorAtEdge ? "\r\n" : ""}`;
  }

  #placeholder(line: DrawnLine, columns: number): string {
    const room = columns - cellWidth(line.text) - 1;
    const text = line.placeholder.slice(0, Math.max(0, room));
    if (text === "") return "";
    const [on, off] = this.#colors ? [grey, reset] : ["\u001b[2m", reset];
    return `${on}${text}${off}\u001b[${text.length}D`;
  }
}
