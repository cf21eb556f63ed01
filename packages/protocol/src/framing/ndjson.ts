import { ProtocolError } from "../protocol-error.ts";
import type { ByteStream } from "./byte-stream.ts";
import { decodeLines, type LineOptions } from "./lines.ts";

/** One value as one line. */
export function encodeNdjson(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * Reads newline-delimited JSON, however the bytes are cut. Blank lines, CRLF and a missing last line end are fine.
 * Values are not checked further: an `{"error": …}` line is a value like others.
 * @throws ProtocolError `INVALID_JSON` (`details.line`, counted from 1), `LINE_TOO_LONG`; errors of the stream as they are
 */
export async function* decodeNdjson(
  stream: ByteStream,
  options: LineOptions = {},
): AsyncGenerator<unknown, void, undefined> {
  let line = 0;
  for await (const text of decodeLines(stream, { ...options, lineFeedOnly: true })) {
    line++;
    if (text.trim() !== "") yield parseLine(text, line);
  }
}

function parseLine(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Neither the text nor the parser's error, which quotes it: it may be a prompt.
    throw new ProtocolError(
      "INVALID_JSON",
      `Line ${line} of the stream is not JSON; it may have been cut off`,
      {
        details: { line, characters: text.length },
      },
    );
  }
}
