import type { LlamaModel, Token } from "node-llama-cpp";

const replacement = "\uFFFD";
/** A character is at most four bytes, a token at least one: more pending tokens are not one character. */
const maxPending = 8;

/** Turns tokens into text as they come, never half a character; special tokens are hidden unless preserved. */
export class TokenText {
  readonly #model: LlamaModel;
  readonly #preserved: ReadonlySet<string>;
  #pending: Token[] = [];
  #last: Token[] = [];

  constructor(model: LlamaModel, preserved: readonly string[]) {
    this.#model = model;
    this.#preserved = new Set(preserved);
  }

  push(token: Token): string {
    if (this.#model.isSpecialToken(token)) {
      const before = this.end();
      const name = this.#model.detokenize([token], true);
      return before + (this.#preserved.has(name) ? name : "");
    }
    this.#pending.push(token);
    const text = this.#model.detokenize(this.#pending, false, this.#last);
    if (text.endsWith(replacement) && this.#pending.length < maxPending) return "";
    this.#remember();
    return text;
  }

  /** What is left when generation ends. Half a character is dropped. */
  end(): string {
    if (this.#pending.length === 0) return "";
    const text = this.#model.detokenize(this.#pending, false, this.#last);
    this.#remember();
    return text.replace(/\uFFFD+$/, "");
  }

  #remember(): void {
    // The detokenizer needs a few earlier tokens to know about spaces between words.
    this.#last = [...this.#last, ...this.#pending].slice(-8);
    this.#pending = [];
  }
}
