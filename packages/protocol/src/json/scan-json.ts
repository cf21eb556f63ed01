/** Where the first JSON value of a text lies, or what Go's decoder says about it. */
export type JsonScan =
  | { readonly ok: true; readonly start: number; readonly end: number }
  | { readonly ok: false; readonly error: string };

/** As deep as Go's decoder goes. */
const maxDepth = 10_000;

/**
 * Finds the end of the first JSON value; what follows it is not read, as in a stream of values.
 * Slower than JSON.parse: meant for texts that JSON.parse refuses, to tell a tail from an error and to word the error.
 * @source Go encoding/json scanner
 */
export function scanJson(text: string): JsonScan {
  const scanner = new Scanner(text);
  try {
    const start = scanner.skipBlanks();
    scanner.readValue();
    return { ok: true, start, end: scanner.at };
  } catch (error) {
    if (error instanceof ScanError) return { ok: false, error: error.message };
    throw error;
  }
}

class ScanError extends Error {}

const stringRun = /[^"\\\u0000-\u001f]*/y;
const blanks = /[ \t\r\n]*/y;
const digits = /[0-9]*/y;

class Scanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skipBlanks(): number {
    return this.#run(blanks);
  }

  /** Containers are kept on a list, not on the call stack, so that depth cannot overflow it. */
  readValue(): void {
    const open: ("{" | "[")[] = [];
    for (;;) {
      this.skipBlanks();
      const character = this.#text[this.at];
      if (character === "{" || character === "[") {
        this.at++;
        if (open.push(character) > maxDepth) throw new ScanError("exceeded max depth");
        this.skipBlanks();
        const isEmpty = this.#text[this.at] === (character === "{" ? "}" : "]");
        if (!isEmpty) {
          if (character === "{") this.#readKey();
          continue;
        }
      } else {
        this.#readScalar();
      }
      if (this.#closeContainers(open)) return;
    }
  }

  /** After a value: leaves finished containers, stops before the next value. @returns true when all are left */
  #closeContainers(open: ("{" | "[")[]): boolean {
    for (;;) {
      const container = open.at(-1);
      if (container === undefined) return true;
      this.skipBlanks();
      const character = this.#text[this.at];
      if (character === (container === "{" ? "}" : "]")) {
        this.at++;
        open.pop();
        continue;
      }
      if (character !== ",")
        this.#fail(container === "{" ? "after object key:value pair" : "after array element");
      this.at++;
      if (container === "{") {
        this.skipBlanks();
        this.#readKey();
      }
      return false;
    }
  }

  #readKey(): void {
    if (this.#text[this.at] !== '"') this.#fail("looking for beginning of object key string");
    this.#readString();
    this.skipBlanks();
    this.#expect(":", "after object key");
  }

  #readScalar(): void {
    const character = this.#text[this.at];
    if (character === '"') this.#readString();
    else if (character === "t") this.#readWord("true");
    else if (character === "f") this.#readWord("false");
    else if (character === "n") this.#readWord("null");
    else if (character === "-" || isDigit(character)) this.#readNumber();
    else this.#fail("looking for beginning of value");
  }

  #readString(): void {
    this.at++;
    for (;;) {
      this.#run(stringRun);
      const character = this.#text[this.at];
      if (character === '"') {
        this.at++;
        return;
      }
      if (character !== "\\") this.#fail("in string literal");
      this.at++;
      const escaped = this.#text[this.at];
      if (escaped === undefined || !'"\\/bfnrtu'.includes(escaped)) this.#fail("in string escape code");
      this.at++;
      if (escaped !== "u") continue;
      for (let digit = 0; digit < 4; digit++) {
        if (!/^[0-9a-fA-F]$/.test(this.#text[this.at] ?? ""))
          this.#fail("in \\u hexadecimal character escape");
        this.at++;
      }
    }
  }

  #readWord(word: string): void {
    for (const letter of word) {
      this.#expect(letter, `in literal ${word} (expecting '${letter}')`);
    }
  }

  #readNumber(): void {
    if (this.#text[this.at] === "-") {
      this.at++;
      if (!isDigit(this.#text[this.at])) this.#fail("in numeric literal");
    }
    if (this.#text[this.at] === "0") this.at++;
    else this.#run(digits);
    if (this.#text[this.at] === ".") {
      this.at++;
      if (!isDigit(this.#text[this.at])) this.#fail("after decimal point in numeric literal");
      this.#run(digits);
    }
    const exponent = this.#text[this.at];
    if (exponent !== "e" && exponent !== "E") return;
    this.at++;
    const sign = this.#text[this.at];
    if (sign === "+" || sign === "-") this.at++;
    if (!isDigit(this.#text[this.at])) this.#fail("in exponent of numeric literal");
    this.#run(digits);
  }

  #expect(character: string, context: string): void {
    if (this.#text[this.at] !== character) this.#fail(context);
    this.at++;
  }

  #run(sticky: RegExp): number {
    sticky.lastIndex = this.at;
    sticky.test(this.#text);
    this.at = sticky.lastIndex;
    return this.at;
  }

  #fail(context: string): never {
    const character = this.#text.slice(this.at, this.at + 1);
    if (character === "") throw new ScanError("unexpected EOF");
    throw new ScanError(`invalid character ${quoteByte(this.#text, this.at)} ${context}`);
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Go reads bytes: of a character beyond ASCII it names the first UTF-8 byte, taken for a code point. */
function quoteByte(text: string, at: number): string {
  const [byte = 0] = new TextEncoder().encode(String.fromCodePoint(text.codePointAt(at) ?? 0));
  const character = String.fromCharCode(byte);
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  if (byte < 0x20 || (byte >= 0x7f && byte < 0xa0)) return `'${JSON.stringify(character).slice(1, -1)}'`;
  return character === "\\" ? "'\\\\'" : `'${character}'`;
}
