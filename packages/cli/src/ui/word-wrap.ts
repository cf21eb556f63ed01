import { cellWidth } from "./cell-width.ts";

/** Columns left free at the edge; a terminal that has hardly more is left to break lines itself. */
const margin = 5;
const minColumns = 10;
const escapeSequence = /^\u001b\[[0-9;]*m/;

/** Columns behind which things may not end. */
interface Ends {
  /** A word that has something behind it. */
  readonly word: number;
  /** The last word of all. */
  readonly last: number;
  /** A character of two cells. */
  readonly wide: number;
}

/**
 * Breaks streamed text at spaces, and between wide characters, so that no word is cut by the terminal's edge. A word is
 * held back until it ends; one longer than a line passes through as it is. Colours (`ESC[…m`, never cut in two) count
 * nothing.
 */
export class WordWrapper {
  readonly #width: number;
  readonly #ends: Ends;
  #column = 0;
  #word = "";
  #wordWidth = 0;
  #indent = "";

  /**
   * For a terminal of so many columns, whose lines end where people know them to end from Ollama.
   * @param options.exact  fill the columns to the last instead
   */
  constructor(columns: number, { exact = false }: { readonly exact?: boolean } = {}) {
    const width = exact ? columns : columns < minColumns ? Number.POSITIVE_INFINITY : columns - margin;
    this.#width = width;
    this.#ends = exact
      ? { word: width, last: width, wide: width }
      : { word: width - 1, last: width, wide: width + 1 };
  }

  /** What further rows of the line that begins now start with. */
  set indent(indent: string) {
    this.#indent = cellWidth(indent) < this.#width / 2 ? indent : "";
  }

  push(text: string): string {
    let out = "";
    for (let at = 0; at < text.length; ) {
      const [sequence] = text.charAt(at) === "\u001b" ? (escapeSequence.exec(text.slice(at)) ?? []) : [];
      const character = sequence ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
      at += character.length;
      if (sequence !== undefined) this.#word += sequence;
      else if (character === " " || character === "\n" || character === "\t")
        out += this.#flush(this.#ends.word) + this.#space(character);
      else out += this.#add(character);
    }
    return out;
  }

  end(): string {
    return this.#flush(this.#ends.last);
  }

  #add(character: string): string {
    const width = cellWidth(character);
    // Languages in wide characters have no spaces: a line may end before and behind each of them.
    const before = width === 2 ? this.#flush(this.#ends.word) : "";
    this.#word += character;
    this.#wordWidth += width;
    if (width === 2) return before + this.#flush(this.#ends.wide);
    if (this.#wordWidth < this.#width) return "";
    // A word that fills a line alone must not wait for its end, and the terminal breaks it.
    const full = this.#flush(this.#ends.word);
    this.#column = 0;
    return full;
  }

  /** @param end  column behind which the word may not end */
  #flush(end: number): string {
    if (this.#word === "") return "";
    const [word, width] = [this.#word, this.#wordWidth];
    this.#word = "";
    this.#wordWidth = 0;
    const wraps = width > 0 && this.#column > 0 && this.#column + width > end;
    const start = wraps ? this.#break() : "";
    this.#column += width;
    return start + word;
  }

  #break(): string {
    this.#column = cellWidth(this.#indent);
    return `\n${this.#indent}`;
  }

  #space(character: string): string {
    if (character === "\n") {
      this.#column = 0;
      return character;
    }
    const before = this.#column >= this.#width ? this.#break() : "";
    this.#column += 1;
    return before + character;
  }
}
