import { cellWidth } from "./cell-width.ts";

const minColumns = 20;
const escapeSequence = /^\u001b\[[0-9;]*m/;

/**
 * Breaks streamed text at spaces, and between wide characters, so that no word is cut by the terminal's edge. A word is
 * held back until it ends; one longer than a line passes through as it is. Colours (`ESC[…m`, never cut in two) count
 * nothing.
 */
export class WordWrapper {
  readonly #width: number;
  #column = 0;
  #word = "";
  #wordWidth = 0;
  #indent = "";

  constructor(columns: number, min = minColumns) {
    this.#width = Math.max(min, columns - 1);
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
        out += this.#flush() + this.#space(character);
      else out += this.#add(character);
    }
    return out;
  }

  end(): string {
    return this.#flush();
  }

  #add(character: string): string {
    const width = cellWidth(character);
    // Languages in wide characters have no spaces: a line may end before and behind each of them.
    const before = width === 2 ? this.#flush() : "";
    this.#word += character;
    this.#wordWidth += width;
    // A word that fills a line alone must not wait for its end.
    const isDone = width === 2 || this.#wordWidth >= this.#width;
    return before + (isDone ? this.#flush() : "");
  }

  #flush(): string {
    if (this.#word === "") return "";
    const [word, width] = [this.#word, this.#wordWidth];
    this.#word = "";
    this.#wordWidth = 0;
    const wraps = width > 0 && this.#column > 0 && this.#column + width > this.#width;
    const start = wraps ? this.#break() : "";
    this.#column = (this.#column + width) % (this.#width + 1);
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
    if (this.#column + 1 > this.#width) return this.#break();
    this.#column += 1;
    return character;
  }
}
