/** Looks for the place where brackets of one kind balance, in text that grows, and reads each character once. */
export class BracketScanner {
  readonly #open: string;
  readonly #close: string;
  readonly #clamps: boolean;
  #at = 0;
  #depth = 0;
  #start = -1;
  #inString = false;
  #escaped = false;

  /** @param clamps  a closing bracket too many is forgotten instead of owed */
  constructor(open: string, close: string, clamps: boolean) {
    this.#open = open;
    this.#close = close;
    this.#clamps = clamps;
  }

  /**
   * The next place where the brackets balance; undefined while there is none. Strings of JSON hide brackets.
   * @param piece  text from where the last call without a result ended, or more of it before that
   * @param offset  where the piece begins in the whole text
   */
  next(piece: string, offset: number): { readonly start: number; readonly end: number } | undefined {
    while (this.#at < offset + piece.length) {
      const character = piece.charAt(this.#at++ - offset);
      if (this.#isHidden(character)) continue;
      if (character === this.#open) {
        if (this.#depth === 0) this.#start = this.#at - 1;
        this.#depth++;
      } else if (character === this.#close) {
        this.#depth--;
        if (this.#depth === 0) return { start: this.#start, end: this.#at };
        if (this.#clamps && this.#depth < 0) this.#depth = 0;
      }
    }
    return undefined;
  }

  #isHidden(character: string): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (character === "\\") this.#escaped = true;
    else if (character === '"') this.#inString = !this.#inString;
    else return this.#inString;
    return true;
  }
}
