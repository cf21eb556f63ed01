import { cellWidth } from "../cell-width.ts";
import { WordWrapper } from "../word-wrap.ts";
import { bold, codeColor, dim, renderInline } from "./render-inline.ts";
import { renderTable } from "./render-table.ts";
import { safeInlineLength } from "./safe-inline-length.ts";

/** What the line being read turned out to be; undefined until its beginning tells. */
type LineKind = "text" | "heading" | "table" | "fence" | "code";

interface OpenFence {
  readonly mark: string;
}

const codeOn = "\u001b[36m";
const codeOff = "\u001b[39m";

/**
 * Shows Markdown in a terminal while it is being written. It only ever appends: what is printed is final, so that
 * nothing is garbled by a cut, a resize or a scrolled screen. A mark that may still be closed holds its words back;
 * a table waits for its end.
 */
export class MarkdownStream {
  readonly #columns: number;
  readonly #wrapper: WordWrapper;
  /** Source of the current line that is not printed yet. */
  #line = "";
  #kind: LineKind | undefined;
  #fence: OpenFence | undefined;
  #isCodeOpen = false;
  #table = "";
  #blankLines = 0;

  /** @param columns  width of the terminal; Infinity = never wrap */
  constructor(columns: number) {
    this.#columns = columns;
    this.#wrapper = new WordWrapper(columns);
  }

  push(text: string): string {
    let out = "";
    for (const character of text) {
      if (character === "\n") out += this.#endLine();
      else {
        this.#line += character;
        // Decisions fall only at places that the text itself has, so that they are the same for every cut of it.
        if (this.#fence !== undefined) out += this.#continueCode();
        else if (character === " " || cellWidth(character) === 2) out += this.#continueLine();
      }
    }
    return out;
  }

  /** The rest, whatever is still open, with all styles ended. */
  end(): string {
    const rest = this.#line === "" ? "" : this.#endLine().replace(/\n$/, "");
    const table = this.#flushTable().replace(/\n$/, "");
    const code = this.#isCodeOpen ? codeOff : "";
    this.#isCodeOpen = false;
    return rest + table + code + this.#wrapper.end();
  }

  #endLine(): string {
    if (this.#fence !== undefined) return this.#endCodeLine();
    if (this.#line.trim() === "" && this.#kind === undefined) return this.#endBlankLine();
    const out = this.#kind === undefined ? this.#beginLine() : "";
    const line = this.#line;
    const kind = this.#kind;
    this.#line = "";
    this.#kind = undefined;
    switch (kind) {
      case "table":
        this.#table += `${line}\n`;
        return out;
      case "fence":
        return `${out}${dim(line)}\n`;
      default:
        return out + this.#write(renderInline(line), kind) + this.#write("\n");
    }
  }

  #endBlankLine(): string {
    this.#line = "";
    this.#blankLines++;
    const table = this.#flushTable();
    return this.#blankLines > 1 ? table : `${table}\n`;
  }

  /** In the middle of a line: prints what can no longer change. */
  #continueLine(): string {
    const out = this.#kind === undefined && isDecided(this.#line) ? this.#beginLine() : "";
    if (this.#kind !== "text" && this.#kind !== "heading") return out;
    const safe = lastBreak(this.#line, safeInlineLength(this.#line));
    const done = this.#line.slice(0, safe);
    this.#line = this.#line.slice(safe);
    return out + this.#write(renderInline(done), this.#kind);
  }

  /** Finds out what the line is, takes its marks off and prints what stands for them. */
  #beginLine(): string {
    this.#blankLines = 0;
    const line = this.#line;
    if (/^\s*\|/.test(line)) {
      this.#kind = "table";
      return "";
    }
    const table = this.#flushTable();
    const [, mark] = /^\s*(`{3,}|~{3,})[^`]*$/.exec(line) ?? [];
    if (mark !== undefined) {
      this.#kind = "fence";
      this.#fence = { mark };
      return table;
    }
    if (/^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/.test(line)) {
      this.#line = "";
      this.#kind = "text";
      return table + dim("─".repeat(Math.min(40, Number.isFinite(this.#columns) ? this.#columns - 1 : 40)));
    }
    return table + this.#beginText(line);
  }

  #beginText(line: string): string {
    const [hashes] = /^ {0,3}#{1,6}\s+/.exec(line) ?? [];
    this.#kind = hashes === undefined ? "text" : "heading";
    if (hashes !== undefined) {
      this.#line = line.slice(hashes.length);
      return "";
    }
    const [quotes = ""] = /^(?:\s*>\s?)+/.exec(line) ?? [];
    const quoted = line.slice(quotes.length);
    const bar = dim("│ ").repeat((quotes.match(/>/g) ?? []).length);
    const [, space = "", marker = "", gap = ""] = /^(\s*)([-*+]|\d{1,9}[.)])(\s+)/.exec(quoted) ?? [];
    const [indent = ""] = marker === "" ? (/^\s*/.exec(quoted) ?? []) : [space];
    this.#line = quoted.slice(indent.length + marker.length + gap.length);
    const task = /^\[([ xX])\]\s+/.exec(this.#line);
    if (marker !== "" && task !== null) this.#line = this.#line.slice(task[0].length);
    const shownMarker =
      marker === ""
        ? ""
        : `${/\d/.test(marker) ? marker : task === null ? "•" : task[1] === " " ? "☐" : "☑"} `;
    // One space is how models begin an answer, not where its lines begin.
    const hanging = marker === "" && indent.length < 2 ? "" : indent;
    this.#wrapper.indent = bar + hanging + " ".repeat(shownMarker.length);
    return this.#wrapper.push(bar + indent + shownMarker);
  }

  #continueCode(): string {
    // A line that may still become the closing fence waits.
    if (!this.#isCodeOpen && mayClose(this.#line, this.#fence?.mark ?? "")) return "";
    const out = (this.#isCodeOpen ? "" : codeOn) + this.#line;
    this.#isCodeOpen = true;
    this.#line = "";
    return out;
  }

  #endCodeLine(): string {
    const { mark = "" } = this.#fence ?? {};
    const line = this.#line;
    this.#line = "";
    if (this.#isCodeOpen) {
      this.#isCodeOpen = false;
      return `${line}${codeOff}\n`;
    }
    if (!closes(line, mark)) return `${line === "" ? "" : codeColor(line)}\n`;
    this.#fence = undefined;
    return `${dim(line)}\n`;
  }

  #flushTable(): string {
    const source = this.#table;
    this.#table = "";
    return source === "" ? "" : renderTable(source, this.#columns);
  }

  #write(text: string, kind?: LineKind): string {
    const out = this.#wrapper.push(kind === "heading" && text !== "" ? bold(text) : text);
    if (text.endsWith("\n")) this.#wrapper.indent = "";
    return out;
  }
}

/** Whether the beginning of a line tells what it is: letters do, marks alone may become anything. */
function isDecided(line: string): boolean {
  // A box to tick takes up to the space behind it.
  if (/^\s*(?:[-*+]|\d+[.)])\s+\[(?:[ xX]\]?)?$/.test(line)) return false;
  if (/^\s*(?:[`~|]|$)/.test(line)) return /^\s*\|/.test(line);
  return !/^[\s*_\-+>#]*$/.test(line) && !/^\s*\d+[.)]?$/.test(line);
}

/** Where the line can be cut for good: behind a space, or before and behind a wide character. */
function lastBreak(text: string, limit: number): number {
  for (let at = limit; at > 0; at--) {
    const before = text.codePointAt(at - 1) ?? 0;
    // In the middle of a surrogate pair: the pair as a whole is looked at one step earlier.
    if (before >= 0xd800 && before <= 0xdbff) continue;
    const character = before >= 0xdc00 && before <= 0xdfff ? text.slice(at - 2, at) : text.charAt(at - 1);
    if (character === " " || cellWidth(character) === 2) return at;
  }
  return 0;
}

function mayClose(line: string, mark: string): boolean {
  const text = line.trimStart();
  return text.length <= mark.length ? mark.startsWith(text) : closes(line, mark);
}

function closes(line: string, mark: string): boolean {
  const text = line.trim();
  return text.length >= mark.length && [...text].every((character) => character === mark.charAt(0));
}
