import stringWidth from "string-width";

/**
 * Breaks streamed text at spaces so that no word is cut by the terminal's edge. A word is held back until
 * it ends; words longer than a line pass through as they are.
 */
export class WordWrapper {
  readonly #width: number;
  #column = 0;
  #word = "";

  constructor(columns: number) {
    this.#width = Math.max(20, columns - 1);
  }

  push(text: string): string {
    let out = "";
    for (const character of text) {
      if (character === " " || character === "\n" || character === "\t")
        out += this.#flush() + this.#space(character);
      else {
        this.#word += character;
        // A word that fills a line alone (or a language without spaces) must not wait for its end.
        if (this.#column === 0 && stringWidth(this.#word) >= this.#width) out += this.#flush();
        else if (stringWidth(this.#word) >= this.#width) out += this.#flush();
      }
    }
    return out;
  }

  end(): string {
    return this.#flush();
  }

  #flush(): string {
    if (this.#word === "") return "";
    const width = stringWidth(this.#word);
    const wraps = this.#column > 0 && this.#column + width > this.#width;
    const out = (wraps ? "\n" : "") + this.#word;
    this.#column = ((wraps ? 0 : this.#column) + width) % (this.#width + 1);
    this.#word = "";
    return out;
  }

  #space(character: string): string {
    if (character === "\n") {
      this.#column = 0;
      return character;
    }
    if (this.#column + 1 > this.#width) {
      this.#column = 0;
      return "\n";
    }
    this.#column += 1;
    return character;
  }
}
