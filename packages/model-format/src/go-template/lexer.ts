export type TokenType =
  | "text"
  | "leftDelimiter"
  | "rightDelimiter"
  | "space"
  | "leftParen"
  | "rightParen"
  | "pipe"
  | "comma"
  | "declare"
  | "assign"
  | "dot"
  | "field"
  | "variable"
  | "identifier"
  | "keyword"
  | "bool"
  | "nil"
  | "number"
  | "char"
  | "string"
  | "rawString"
  | "character"
  | "error"
  | "eof";

export interface Token {
  readonly type: TokenType;
  /** The text itself; for `error`, what is wrong. */
  readonly text: string;
  readonly position: number;
}

const keywords = new Set(["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"]);
const trimmed = " \t\r\n";
const wordCharacter = /[\p{L}\p{Nd}\p{Nl}\p{No}_]/u;
/** Go's unicode.IsLetter and IsDigit, with the underscore. */
const word = /^[\p{L}\p{Nd}_]+/u;

/** Splits a template into tokens, the way Go's text/template/parse does; an error token ends the list. */
export function tokenize(text: string): Token[] {
  return new Lexer(text).run();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #parens = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Token[] {
    while (this.#at < this.#text.length) {
      const open = this.#text.indexOf("{{", this.#at);
      if (open < 0) {
        this.#emit("text", this.#text.length);
        break;
      }
      const trims = this.#hasLeftTrim(open + 2);
      let end = open;
      if (trims) while (end > this.#at && trimmed.includes(this.#text.charAt(end - 1))) end--;
      if (end > this.#at) this.#emit("text", end);
      this.#at = open;
      if (!this.#lexDelimited(trims)) return this.#tokens;
    }
    this.#tokens.push({ type: "eof", text: "", position: this.#text.length });
    return this.#tokens;
  }

  #hasLeftTrim(at: number): boolean {
    return this.#text.charAt(at) === "-" && trimmed.includes(this.#text.charAt(at + 1)) && at + 1 < this.#text.length;
  }

  #hasRightTrim(at: number): boolean {
    return (
      at < this.#text.length && trimmed.includes(this.#text.charAt(at)) && this.#text.startsWith("-}}", at + 1)
    );
  }

  /** A comment, or an action with its delimiters. @returns false after an error */
  #lexDelimited(trims: boolean): boolean {
    const inner = this.#at + 2 + (trims ? 2 : 0);
    if (this.#text.startsWith("/*", inner)) return this.#lexComment(inner);
    this.#tokens.push({ type: "leftDelimiter", text: "{{", position: this.#at });
    this.#at = inner;
    this.#parens = 0;
    for (;;) {
      if (this.#hasRightTrim(this.#at)) {
        if (this.#parens > 0) return this.#fail("unclosed left paren");
        this.#tokens.push({ type: "rightDelimiter", text: "}}", position: this.#at + 2 });
        this.#at += 4;
        this.#skipTrimmed();
        return true;
      }
      if (this.#text.startsWith("}}", this.#at)) {
        if (this.#parens > 0) return this.#fail("unclosed left paren");
        this.#tokens.push({ type: "rightDelimiter", text: "}}", position: this.#at });
        this.#at += 2;
        return true;
      }
      if (!this.#lexInside()) return false;
    }
  }

  #lexComment(inner: number): boolean {
    const end = this.#text.indexOf("*/", inner);
    if (end < 0) return this.#fail("unclosed comment");
    this.#at = end + 2;
    const trims = this.#hasRightTrim(this.#at);
    if (!trims && !this.#text.startsWith("}}", this.#at)) return this.#fail("comment ends before closing delimiter");
    this.#at += trims ? 4 : 2;
    if (trims) this.#skipTrimmed();
    return true;
  }

  #skipTrimmed(): void {
    while (this.#at < this.#text.length && trimmed.includes(this.#text.charAt(this.#at))) this.#at++;
  }

  #lexInside(): boolean {
    if (this.#at >= this.#text.length) return this.#fail("unclosed action");
    const text = this.#text;
    const character = text.charAt(this.#at);
    if (trimmed.includes(character)) return this.#lexSpace();
    const next = text.charAt(this.#at + 1);
    switch (character) {
      case "=":
        return this.#emit("assign", this.#at + 1);
      case ":":
        return next === "=" ? this.#emit("declare", this.#at + 2) : this.#fail("expected :=");
      case "|":
        return this.#emit("pipe", this.#at + 1);
      case ",":
        return this.#emit("comma", this.#at + 1);
      case '"':
        return this.#lexQuoted('"', "string", "unterminated quoted string");
      case "`":
        return this.#lexRaw();
      case "'":
        return this.#lexQuoted("'", "char", "unterminated character constant");
      case "(":
        this.#parens++;
        return this.#emit("leftParen", this.#at + 1);
      case ")":
        if (this.#parens === 0) return this.#fail("unexpected right paren");
        this.#parens--;
        return this.#emit("rightParen", this.#at + 1);
      case "$":
        return this.#lexVariable();
      case ".":
        if (!/[0-9]/.test(next)) return this.#lexField();
        return this.#lexNumber();
      default:
        return this.#lexWord(character);
    }
  }

  #lexSpace(): boolean {
    let end = this.#at;
    // The blank before a trimming delimiter belongs to the delimiter.
    while (trimmed.includes(text1(this.#text, end)) && !this.#hasRightTrim(end)) end++;
    if (end === this.#at) return true;
    return this.#emit("space", end);
  }

  #lexWord(character: string): boolean {
    if (character === "+" || character === "-" || /[0-9]/.test(character)) return this.#lexNumber();
    const match = word.exec(this.#text.slice(this.#at, this.#at + 256));
    if (match !== null && !/^[0-9]/.test(match[0])) {
      const name = match[0];
      if (!this.#atTerminator(this.#at + name.length)) return this.#badCharacter(this.#at + name.length);
      if (keywords.has(name)) return this.#emit("keyword", this.#at + name.length);
      if (name === "true" || name === "false") return this.#emit("bool", this.#at + name.length);
      if (name === "nil") return this.#emit("nil", this.#at + name.length);
      return this.#emit("identifier", this.#at + name.length);
    }
    const point = this.#text.codePointAt(this.#at) ?? 0;
    if (point > 0x20 && point < 0x7f) return this.#emit("character", this.#at + 1);
    return this.#fail(`unrecognized character in action: ${describePoint(point)}`);
  }

  #lexField(): boolean {
    if (this.#atTerminator(this.#at + 1)) return this.#emit("dot", this.#at + 1);
    return this.#lexNamed("field");
  }

  #lexVariable(): boolean {
    if (this.#atTerminator(this.#at + 1)) return this.#emit("variable", this.#at + 1);
    return this.#lexNamed("variable");
  }

  #lexNamed(type: "field" | "variable"): boolean {
    const match = word.exec(this.#text.slice(this.#at + 1, this.#at + 257));
    const end = this.#at + 1 + (match?.[0].length ?? 0);
    if (!this.#atTerminator(end)) return this.#badCharacter(end);
    return this.#emit(type, end);
  }

  #badCharacter(at: number): boolean {
    return this.#fail(`bad character ${describePoint(this.#text.codePointAt(at) ?? 0)}`);
  }

  /** Whether a word may end here; keeps `.x%y` from reading as two words. */
  #atTerminator(at: number): boolean {
    if (at >= this.#text.length) return true;
    const character = this.#text.charAt(at);
    return trimmed.includes(character) || ".,|:()=".includes(character) || this.#text.startsWith("}}", at);
  }

  #lexQuoted(quote: string, type: "string" | "char", failure: string): boolean {
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const character = this.#text.charAt(at);
      if (character === "\n") break;
      if (character === "\\") at++;
      else if (character === quote) return this.#emit(type, at + 1);
      if (this.#text.charAt(at) === "\n") break;
    }
    return this.#fail(failure);
  }

  #lexRaw(): boolean {
    const end = this.#text.indexOf("`", this.#at + 1);
    return end < 0 ? this.#fail("unterminated raw quoted string") : this.#emit("rawString", end + 1);
  }

  #lexNumber(): boolean {
    const rest = this.#text.slice(this.#at, this.#at + 256);
    const match =
      /^[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/.exec(
        rest,
      );
    const length = match?.[0].length ?? 0;
    const following = text1(rest, length);
    if (length === 0 || (following !== "" && wordCharacter.test(following))) {
      return this.#fail(`bad number syntax: ${JSON.stringify(rest.slice(0, length + 1))}`);
    }
    return this.#emit("number", this.#at + length);
  }

  #emit(type: TokenType, end: number): true {
    this.#tokens.push({ type, text: this.#text.slice(this.#at, end), position: this.#at });
    this.#at = end;
    return true;
  }

  #fail(message: string): false {
    this.#tokens.push({ type: "error", text: message, position: this.#at });
    return false;
  }
}

function text1(text: string, at: number): string {
  // A blank that cannot be found in "" must not count as trimmed.
  return at < text.length ? text.charAt(at) : "\u0000";
}

function describePoint(point: number): string {
  return `U+${point.toString(16).toUpperCase().padStart(4, "0")} '${String.fromCodePoint(point)}'`;
}
