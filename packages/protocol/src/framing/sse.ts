import type { ByteStream } from "./byte-stream.ts";
import { decodeLines, defaultMaxLineBytes, type LineOptions, lineTooLong } from "./lines.ts";

/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** Absent = `message`. */
  readonly event?: string;
  /** Lines joined by LF. */
  readonly data: string;
  readonly id?: string;
}

/** Writes one event; every line of `data` becomes its own `data:` line. Line ends in `event` and `id` are dropped. */
export function encodeSse(event: ServerSentEvent): string {
  const name = event.event === undefined ? "" : `event: ${oneLine(event.event)}\n`;
  const id = event.id === undefined ? "" : `id: ${oneLine(event.id)}\n`;
  const data = event.data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join("");
  return `${name}${id}${data}\n`;
}

/**
 * Reads server-sent events, however the bytes are cut, with any of the three line ends. Comments and `retry` are
 * skipped. An event that the stream's end cut off is dropped, as the standard says.
 * @throws ProtocolError `LINE_TOO_LONG`; also when the data lines of one event exceed the limit together (in characters)
 * @source https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export async function* decodeSse(
  stream: ByteStream,
  options: LineOptions = {},
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let name = "";
  let id: string | undefined;
  let data: string[] = [];
  let characters = 0;
  const { maxLineBytes = defaultMaxLineBytes } = options;
  for await (const line of decodeLines(stream, options)) {
    if (line === "") {
      if (data.length > 0) {
        yield {
          ...(name !== "" && { event: name }),
          data: data.join("\n"),
          ...(id !== undefined && { id }),
        };
      }
      name = "";
      data = [];
      characters = 0;
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      data.push(value);
      characters += value.length + 1;
      if (characters > maxLineBytes + 1) throw lineTooLong(maxLineBytes);
    } else if (field === "event") name = value;
    // An id with NUL must be ignored, and it stays for later events.
    else if (field === "id" && !value.includes("\0")) id = value;
  }
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, "");
}
