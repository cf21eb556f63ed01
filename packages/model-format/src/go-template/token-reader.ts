import { lineOf, parseFailure } from "./errors.ts";
import { type Token, tokenize } from "./lexer.ts";
import { quote } from "./quote.ts";

const end: Token = { type: "eof", text: "", position: 0 };

/** The tokens of a template one by one, and where the parser stands when it fails. */
export class TokenReader {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  /** The furthest token looked at: Go names its line, whatever was wrong. */
  #furthest = 0;
  /** Where the action began that is being read. Its line is only counted for a failure: that takes a while. */
  #action: Token | undefined;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  peek(): Token {
    const index = Math.min(this.#at, this.#tokens.length - 1);
    if (index > this.#furthest) this.#furthest = index;
    return this.#tokens[index] ?? end;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  peekNonSpace(): Token {
    let token = this.peek();
    while (token.type === "space") {
      this.#at++;
      token = this.peek();
    }
    return token;
  }

  nextNonSpace(): Token {
    const token = this.peekNonSpace();
    this.#at++;
    return token;
  }

  back(): void {
    this.#at--;
  }

  mark(): number {
    return this.#at;
  }

  reset(mark: number): void {
    this.#at = mark;
  }

  beginAction(token: Token): void {
    this.#action = token;
  }

  endAction(): void {
    this.#action = undefined;
  }

  unexpected(token: Token, context: string): never {
    if (token.type !== "error") this.fail(`unexpected ${describe(token)} in ${context}`);
    const started = this.#action && this.#lineOf(this.#action);
    if (started === undefined || started === this.#lineOf(token)) this.fail(token.text);
    this.fail(`${token.text}${token.text.endsWith(" action") ? "" : " in action"} started at :${started}`);
  }

  /** @throws PromptError `TEMPLATE_INVALID` */
  /** For `fail`: the furthest token looked at so far. */
  get furthest(): number {
    return this.#furthest;
  }

  /** @param at  whose line to name, if not that of the furthest token by now */
  fail(message: string, at = this.#furthest): never {
    throw parseFailure(this.#lineOf(this.#tokens[at] ?? end), message);
  }

  #lineOf(token: Token): number {
    return lineOf(this.#source, token.position);
  }
}

function describe({ type, text }: Token): string {
  if (type === "eof") return "EOF";
  if (type === "keyword" || type === "dot" || type === "nil") return `<${text}>`;
  const characters = [...text];
  return new TextEncoder().encode(text).length > 10
    ? `${quote(characters.slice(0, 10).join(""))}...`
    : quote(text);
}
