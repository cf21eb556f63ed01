import { quote } from "./quote.ts";

export type TokenType =
  | "text"
  | "leftDelimiter"
  | "rightDelimiter"
  | "space"
  | "leftParen"
  | "rightParen"
  | "pipe"
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
  | "string"
  | "rawString"
  /** Any other ASCII character. */
  | "character"
  | "error"
  | "eof";

export interface Token {
  readonly type: TokenType;
  /** The text itself; for `error`, what is wrong. */
  readonly text: string;
  readonly position: number;
}

const keywords = new Set([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "range",
  "template",
  "with",
]);
const blanks = " \t\r\n";
/** Go's letters and digits, with the underscore. */
const word = /[\p{L}\p{Nd}_]+/uy;
const wordStart = /[\p{L}\p{Nd}_]/uy;
const blankRun = /[ \t\r\n]+/y;
const number =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;
const quoted = /"(?:\\[^\n]|[^"\\\n])*"/uy;
const character = /'(?:\\[^\n]|[^'\\\n])*'/uy;

/** Splits a template into tokens as Go's text/template/parse does. The list ends with `eof`, or `error` and `eof`. */
export function tokenize(text: string): readonly Token[] {
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

  run(): readonly Token[] {
    while (this.#at < this.#text.length && this.#outside());
    this.#push("eof", "", this.#text.length);
    return this.#tokens;
  }

  /** Text up to the next delimiter, and what that delimiter begins. @returns false after an error */
  #outside(): boolean {
    const open = this.#text.indexOf("{{", this.#at);
    if (open < 0) return this.#emit("text", this.#text.length);
    const trims = this.#text.charAt(open + 2) === "-" && this.#isBlank(open + 3);
    let end = open;
    if (trims) while (end > this.#at && this.#isBlank(end - 1)) end--;
    if (end > this.#at) this.#emit("text", end);
    const inside = open + (trims ? 4 : 2);
    if (this.#text.startsWith("/*", inside)) return this.#comment(inside);
    this.#push("leftDelimiter", "{{", open);
    this.#at = inside;
    this.#parens = 0;
    for (;;) {
      const trimsRight = this.#trimsRight(this.#at);
      if (trimsRight || this.#text.startsWith("}}", this.#at)) return this.#close(trimsRight);
      if (!this.#inside()) return false;
    }
  }

  #close(trims: boolean): boolean {
    if (this.#parens > 0) return this.#fail("unclosed left paren");
    if (trims) this.#at += 2;
    this.#emit("rightDelimiter", this.#at + 2);
    if (trims) this.#at = this.#end(blankRun);
    return true;
  }

  #comment(start: number): boolean {
    this.#at = start;
    const end = this.#text.indexOf("*/", start + 2);
    if (end < 0) return this.#fail("unclosed comment");
    const trims = this.#trimsRight(end + 2);
    if (!trims && !this.#text.startsWith("}}", end + 2))
      return this.#fail("comment ends before closing delimiter");
    this.#at = end + (trims ? 6 : 4);
    if (trims) this.#at = this.#end(blankRun);
    return true;
  }

  #inside(): boolean {
    const first = this.#text.charAt(this.#at);
    if (first === "") return this.#fail("unclosed action");
    if (this.#isBlank(this.#at)) return this.#space();
    switch (first) {
      case "=":
        return this.#emit("assign", this.#at + 1);
      case ":":
        if (this.#text.charAt(this.#at + 1) !== "=") return this.#fail("expected :=");
        return this.#emit("declare", this.#at + 2);
      case "|":
        return this.#emit("pipe", this.#at + 1);
      case '"':
        return this.#matched("string", quoted, "unterminated quoted string");
      case "'":
        return this.#matched("number", character, "unterminated character constant");
      case "`": {
        const end = this.#text.indexOf("`", this.#at + 1);
        return end < 0 ? this.#fail("unterminated raw quoted string") : this.#emit("rawString", end + 1);
      }
      case "(":
        this.#parens++;
        return this.#emit("leftParen", this.#at + 1);
      case ")":
        if (--this.#parens < 0) return this.#fail("unexpected right paren");
        return this.#emit("rightParen", this.#at + 1);
      case "$":
        return this.#named("variable", this.#at + 1);
      case ".":
        // Go also takes a point at the very end for a number.
        if (/^[0-9]?$/.test(this.#text.charAt(this.#at + 1))) return this.#number();
        return this.#isEnd(this.#at + 1)
          ? this.#emit("dot", this.#at + 1)
          : this.#named("field", this.#at + 1);
      default:
        return this.#other(first);
    }
  }

  #space(): boolean {
    let end = this.#end(blankRun);
    // The blank before a trimming delimiter belongs to the delimiter.
    if (this.#trimsRight(end - 1)) end--;
    return end === this.#at || this.#emit("space", end);
  }

  #other(first: string): boolean {
    if (/[+\-0-9]/.test(first)) return this.#number();
    if (this.#end(wordStart) > this.#at) return this.#named("identifier", this.#at);
    if (first > " " && first < "\u007f") return this.#emit("character", this.#at + 1);
    return this.#fail(`unrecognized character in action: ${this.#describe(this.#at)}`);
  }

  /** A word, which must end where a word may end: `.x%y` is not two words. */
  #named(type: "field" | "identifier" | "variable", start: number): boolean {
    const end = this.#isEnd(start) ? start : this.#end(word, start);
    if (!this.#isEnd(end)) return this.#fail(`bad character ${this.#describe(end)}`);
    return this.#emit(type === "identifier" ? kindOfWord(this.#text.slice(start, end)) : type, end);
  }

  #matched(type: TokenType, pattern: RegExp, failure: string): boolean {
    const end = this.#end(pattern);
    return end > this.#at ? this.#emit(type, end) : this.#fail(failure);
  }

  #number(): boolean {
    let end = this.#end(number);
    if (this.#continuesWord(end)) return this.#badNumber(end, true);
    if (/[+-]/.test(this.#text.charAt(end))) {
      // A complex constant: 1+2i, without blanks.
      end = this.#end(number, end);
      if (this.#continuesWord(end)) return this.#badNumber(end, true);
      if (this.#text.charAt(end - 1) !== "i") return this.#badNumber(end, false);
    }
    return this.#emit("number", end);
  }

  #continuesWord(at: number): boolean {
    return this.#end(wordStart, at) > at;
  }

  #badNumber(end: number, withNext: boolean): boolean {
    const shown = this.#text.slice(this.#at, withNext ? this.#end(wordStart, end) : end);
    return this.#fail(`bad number syntax: ${quote(shown)}`);
  }

  #isBlank(at: number): boolean {
    return at < this.#text.length && blanks.includes(this.#text.charAt(at));
  }

  /** Whether ` -}}` stands here. */
  #trimsRight(at: number): boolean {
    return this.#isBlank(at) && this.#text.startsWith("-}}", at + 1);
  }

  #isEnd(at: number): boolean {
    if (at >= this.#text.length || this.#isBlank(at)) return true;
    return ".,|:()".includes(this.#text.charAt(at)) || this.#text.startsWith("}}", at);
  }

  /** Where the pattern ends that begins at `from`; `from` itself where it does not. */
  #end(pattern: RegExp, from = this.#at): number {
    pattern.lastIndex = from;
    return pattern.test(this.#text) ? pattern.lastIndex : from;
  }

  #describe(at: number): string {
    const point = this.#text.codePointAt(at) ?? 0;
    const shown = String.fromCodePoint(point);
    const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
    return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(shown) ? `${code} '${shown}'` : code;
  }

  #emit(type: TokenType, end: number): true {
    this.#push(type, this.#text.slice(this.#at, end), this.#at);
    this.#at = end;
    return true;
  }

  #fail(message: string): false {
    this.#push("error", message, this.#at);
    return false;
  }

  #push(type: TokenType, text: string, position: number): void {
    this.#tokens.push({ type, text, position });
  }
}

function kindOfWord(text: string): TokenType {
  if (keywords.has(text)) return "keyword";
  if (text === "true" || text === "false") return "bool";
  return text === "nil" ? "nil" : "identifier";
}
