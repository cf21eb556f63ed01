import { ProtocolError } from "../protocol-error.ts";
import { decodeText } from "./decode-text.ts";
import { type Modelfile, type ModelfileCommand, messageRoles, textCommands } from "./modelfile.ts";
import { closesOnFirstLine, isBlank, isLineEnd, openingQuote, trimBlanks } from "./quoting.ts";

const keywords: ReadonlySet<string> = new Set([...textCommands, "from", "parameter", "message"]);

const commandError =
  'command must be one of "from", "license", "template", "system", "adapter", "draft", "renderer", "parser", "parameter", "message", or "requires"';
const roleError = 'message role must be one of "system", "user", or "assistant"';

/** What Go's strconv.IsPrint drops: everything but letters, marks, numbers, punctuation, symbols and blanks. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} \t]/gu;

/**
 * Reads a Modelfile.
 * @param source  text, or bytes in UTF-8 or (with a byte order mark) UTF-16
 * @throws ProtocolError `INVALID_MODELFILE` with Ollama's text; `details.line` where it names a line.
 *   Lines are counted as Ollama counts them: a CRLF is two line ends.
 * @source ollama parser/parser.go
 */
export function parseModelfile(source: string | Uint8Array): Modelfile {
  const cursor = new Cursor(typeof source === "string" ? source : decodeText(source));
  const commands: ModelfileCommand[] = [];
  while (cursor.skipToCommand()) commands.push(readCommand(cursor));
  if (!commands.some((command) => command.name === "model")) throw invalid("no FROM line");
  return { commands };
}

function readCommand(cursor: Cursor): ModelfileCommand {
  const keyword = cursor.readKeyword();
  if (!isBlank(cursor.current))
    throw cursor.current === undefined ? endOfFile() : cursor.errorHere(commandError);
  if (!keywords.has(keyword.toLowerCase())) throw cursor.errorHere(commandError);
  cursor.advance();
  switch (keyword.toLowerCase()) {
    case "from":
      return { name: "model", args: readValue(cursor) };
    case "parameter": {
      const name = cursor.readWord(/[A-Za-z0-9_]*/y);
      return { name, args: readValueAfter(cursor, name) };
    }
    case "message": {
      const role = cursor.readWord(/[A-Za-z]*/y);
      if (isBlank(cursor.current) && !messageRoles.has(role)) throw cursor.errorHere(roleError);
      return { name: "message", args: `${role}: ${readValueAfter(cursor, role)}` };
    }
    default:
      return { name: keyword.toLowerCase(), args: readValue(cursor) };
  }
}

/** The value behind a second word, which one blank must end. */
function readValueAfter(cursor: Cursor, word: string): string {
  if (cursor.current === undefined) throw endOfFile();
  if (!isBlank(cursor.current)) throw invalid(`unexpected EOF: ${word}`);
  cursor.advance();
  return readValue(cursor);
}

function readValue(cursor: Cursor): string {
  const first = trimBlanks(cursor.readLine());
  const quote = openingQuote(first);
  if (closesOnFirstLine(first, quote)) return quote === "" ? first : first.slice(quote.length, -quote.length);
  const parts = [first.slice(quote.length)];
  // What the first line lost in trimming belongs to the text between the quotes.
  parts.push(cursor.trimmedEnd);
  for (;;) {
    const lineEnd = cursor.readLineEnd();
    if (lineEnd === undefined) throw endOfFile();
    const line = cursor.readLine();
    const trimmed = trimBlanks(line);
    if (trimmed.endsWith(quote)) {
      const indent = line.slice(0, line.indexOf(trimmed));
      parts.push(lineEnd, indent, trimmed.slice(0, -quote.length));
      return parts.join("");
    }
    parts.push(lineEnd, line);
  }
}

function invalid(message: string, details: Readonly<Record<string, unknown>> = {}): ProtocolError {
  return new ProtocolError("INVALID_MODELFILE", message, { details });
}

function endOfFile(): ProtocolError {
  return invalid("unexpected EOF");
}

/** A place in the text; every method moves forward only, so reading takes linear time. */
class Cursor {
  readonly #text: string;
  #at = 0;
  /** Blanks at the end of the line read last. */
  trimmedEnd = "";

  constructor(text: string) {
    this.#text = text;
  }

  get current(): string | undefined {
    return this.#text[this.#at];
  }

  advance(): void {
    this.#at++;
  }

  /** Skips blanks, line ends and comments. @returns false at the end */
  skipToCommand(): boolean {
    for (;;) {
      while (isBlank(this.current) || isLineEnd(this.current)) this.#at++;
      if (this.current !== "#") return this.current !== undefined;
      this.#at = this.#lineEnd();
    }
  }

  /** One character of any kind, dropped when unprintable, then letters. */
  readKeyword(): string {
    const first = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    this.#at += first.length;
    return first.replace(unprintable, "") + this.readWord(/[A-Za-z]*/y);
  }

  readWord(sticky: RegExp): string {
    sticky.lastIndex = this.#at;
    const [word = ""] = sticky.exec(this.#text) ?? [];
    this.#at += word.length;
    return word;
  }

  /** The rest of the line, without unprintable characters and without its end. */
  readLine(): string {
    const end = this.#lineEnd();
    const line = this.#text.slice(this.#at, end).replace(unprintable, "");
    this.#at = end;
    let kept = line.length;
    while (isBlank(line[kept - 1])) kept--;
    this.trimmedEnd = line.slice(kept);
    return line;
  }

  readLineEnd(): string | undefined {
    return this.#text[this.#at++];
  }

  errorHere(message: string): ProtocolError {
    const line = (this.#text.slice(0, this.#at + 1).match(/[\r\n]/g)?.length ?? 0) + 1;
    return invalid(`(line ${line}): ${message}`, { line });
  }

  #lineEnd(): number {
    let end = this.#at;
    while (end < this.#text.length && !isLineEnd(this.#text[end])) end++;
    return end;
  }
}
