import { graphemesOf } from "./graphemes.ts";

/** Text with a cursor in it, always between two graphemes. */
export interface TextBuffer {
  readonly before: string;
  readonly after: string;
}

export const emptyBuffer: TextBuffer = { before: "", after: "" };

export function textOf({ before, after }: TextBuffer): string {
  return before + after;
}

export function bufferOf(text: string): TextBuffer {
  return { before: text, after: "" };
}

export function insert({ before, after }: TextBuffer, text: string): TextBuffer {
  return { before: before + text, after };
}

export function moveLeft({ before, after }: TextBuffer): TextBuffer {
  const last = graphemesOf(before).at(-1) ?? "";
  return { before: before.slice(0, before.length - last.length), after: last + after };
}

export function moveRight({ before, after }: TextBuffer): TextBuffer {
  const first = graphemesOf(after)[0] ?? "";
  return { before: before + first, after: after.slice(first.length) };
}

/** Start of the line that the cursor is in. */
export function moveHome({ before, after }: TextBuffer): TextBuffer {
  const start = before.lastIndexOf("\n") + 1;
  return { before: before.slice(0, start), after: before.slice(start) + after };
}

export function moveEnd({ before, after }: TextBuffer): TextBuffer {
  const end = after.indexOf("\n") < 0 ? after.length : after.indexOf("\n");
  return { before: before + after.slice(0, end), after: after.slice(end) };
}

export function moveWordLeft({ before, after }: TextBuffer): TextBuffer {
  const [word = ""] = /[^\s]*\s*$/.exec(before) ?? [];
  return { before: before.slice(0, before.length - word.length), after: word + after };
}

export function moveWordRight({ before, after }: TextBuffer): TextBuffer {
  const [word = ""] = /^\s*[^\s]*/.exec(after) ?? [];
  return { before: before + word, after: after.slice(word.length) };
}

/** The line above or below, in the same column; undefined at the first or last one. */
export function moveLine(buffer: TextBuffer, direction: "up" | "down"): TextBuffer | undefined {
  const text = textOf(buffer);
  const lineStart = buffer.before.lastIndexOf("\n") + 1;
  const column = graphemesOf(buffer.before.slice(lineStart)).length;
  if (direction === "up") {
    if (lineStart === 0) return undefined;
    return atColumn(text, text.lastIndexOf("\n", lineStart - 2) + 1, column);
  }
  const nextBreak = text.indexOf("\n", buffer.before.length);
  return nextBreak < 0 ? undefined : atColumn(text, nextBreak + 1, column);
}

function atColumn(text: string, lineStart: number, column: number): TextBuffer {
  const end = text.indexOf("\n", lineStart);
  const line = graphemesOf(text.slice(lineStart, end < 0 ? undefined : end));
  const at = lineStart + line.slice(0, column).join("").length;
  return { before: text.slice(0, at), after: text.slice(at) };
}

/** Removes what lies between the cursor and where a move would take it. */
export function deleteTo(buffer: TextBuffer, move: (buffer: TextBuffer) => TextBuffer): TextBuffer {
  const moved = move(buffer);
  return moved.before.length < buffer.before.length
    ? { before: moved.before, after: buffer.after }
    : { before: buffer.before, after: moved.after };
}
