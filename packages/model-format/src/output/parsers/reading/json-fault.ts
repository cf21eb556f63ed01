/** Containers still open, innermost last. */
type Stack = ("{" | "[")[];

interface JsonFault {
  /** What Go's decoder says, which the reference hands to its clients. */
  readonly message: string;
  /** Whether more text could make it JSON. */
  readonly unfinished: boolean;
  /** Where the containers begin that were open at the fault: each of them has the same fault. */
  readonly open: readonly number[];
}

/**
 * Says what is wrong with a text that is not JSON; undefined when it is JSON after all.
 * @source Go encoding/json scanner
 */
export function jsonFault(text: string): JsonFault | undefined {
  try {
    scan(text);
    return undefined;
  } catch (fault) {
    if (fault instanceof Fault) return fault;
    throw fault;
  }
}

class Fault extends Error implements JsonFault {
  readonly unfinished: boolean;
  readonly open: readonly number[];

  constructor(message: string, unfinished: boolean, open: readonly number[]) {
    super(message);
    this.unfinished = unfinished;
    this.open = open;
  }
}

const plain = /[^"\\\u0000-\u001f]*/y;

function scan(text: string): void {
  const open: Stack = [];
  const openAt: number[] = [];
  let at = 0;
  const peek = () => text.charAt(at);
  const blanks = () => {
    while (peek() !== "" && " \t\r\n".includes(peek())) at += 1;
  };
  const expect = (context: string, wanted: (character: string) => boolean) => {
    if (peek() === "") {
      // Go tells the end by what a blank would do there: nothing between tokens and in texts.
      const inToken = /escape|in literal|numeric|exponent|decimal/.test(context);
      throw new Fault(
        inToken ? `invalid character ' ' ${context}` : "unexpected end of JSON input",
        true,
        openAt,
      );
    }
    if (!wanted(peek())) throw new Fault(`invalid character ${quote(text, at)} ${context}`, false, openAt);
    at += 1;
  };
  const digits = () => {
    while (isDigit(peek())) at += 1;
  };

  const string = () => {
    at += 1;
    for (;;) {
      plain.lastIndex = at;
      at += plain.exec(text)?.[0].length ?? 0;
      if (peek() === '"') break;
      expect("in string literal", (c) => c >= " ");
      if (text.charAt(at - 1) !== "\\") continue;
      expect("in string escape code", (c) => '"\\/bfnrtu'.includes(c));
      if (text.charAt(at - 1) !== "u") continue;
      for (let digit = 0; digit < 4; digit += 1) {
        expect("in \\u hexadecimal character escape", (c) => /[0-9a-fA-F]/.test(c));
      }
    }
    at += 1;
  };

  const number = () => {
    if (peek() === "-") at += 1;
    expect("in numeric literal", isDigit);
    if (text.charAt(at - 1) !== "0") digits();
    if (peek() === ".") {
      at += 1;
      expect("after decimal point in numeric literal", isDigit);
      digits();
    }
    if (peek() === "e" || peek() === "E") {
      at += 1;
      if (peek() === "+" || peek() === "-") at += 1;
      expect("in exponent of numeric literal", isDigit);
      digits();
    }
  };

  const literal = (word: string) => {
    at += 1;
    for (const letter of word.slice(1)) {
      expect(`in literal ${word} (expecting '${letter}')`, (c) => c === letter);
    }
  };

  const key = () => {
    blanks();
    if (peek() !== '"') expect("looking for beginning of object key string", () => false);
    string();
    blanks();
    expect("after object key", (c) => c === ":");
  };

  /** Reads a value's beginning; true when a container was opened and is not empty. */
  const value = (): boolean => {
    blanks();
    const first = peek();
    if (first === "{" || first === "[") {
      openAt.push(at);
      at += 1;
      open.push(first);
      blanks();
      if (peek() === (first === "{" ? "}" : "]")) return false;
      if (first === "{") key();
      return true;
    }
    if (first === '"') string();
    else if (first === "t") literal("true");
    else if (first === "f") literal("false");
    else if (first === "n") literal("null");
    else if (first === "-" || isDigit(first)) number();
    else expect("looking for beginning of value", () => false);
    return false;
  };

  let deeper = value();
  for (;;) {
    while (deeper) deeper = value();
    blanks();
    const container = open.at(-1);
    if (container === undefined) break;
    const closing = container === "{" ? "}" : "]";
    const context = container === "{" ? "after object key:value pair" : "after array element";
    expect(context, (c) => c === closing || c === ",");
    if (text.charAt(at - 1) === closing) {
      open.pop();
      openAt.pop();
      continue;
    }
    if (container === "{") key();
    deeper = value();
  }
  if (at < text.length) expect("after top-level value", () => false);
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9";
}

/** Go reads bytes, so of a character beyond ASCII it names the first byte. */
function quote(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  const byte = new TextEncoder().encode(character)[0] ?? 0;
  if (byte >= 0x20 && byte !== 0x7f && byte < 0x7f) return `'${character === "\\" ? "\\\\" : character}'`;
  const named: Readonly<Record<number, string>> = {
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
  };
  if (byte >= 0xa1 && byte !== 0xad) return `'${String.fromCharCode(byte)}'`;
  return `'${named[byte] ?? `\\x${byte.toString(16).padStart(2, "0")}`}'`;
}
