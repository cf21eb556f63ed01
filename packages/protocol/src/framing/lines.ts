import { ProtocolError } from "../protocol-error.ts";
import { type ByteStream, readBytes } from "./byte-stream.ts";

/** Ollama's client gives up at the same size. Guards against a peer that never ends a line. */
export const defaultMaxLineBytes = 8 * 1024 * 1024;

export interface LineOptions {
  /** Longest line in bytes without its end; 8 MiB by default. */
  readonly maxLineBytes?: number;
}

const lineFeed = 10;
const carriageReturn = 13;

/**
 * Cuts bytes into lines at LF, CRLF and, unless `lineFeedOnly`, at a lone CR; decodes each as UTF-8 as a whole,
 * so that no character is cut. The last line needs no end.
 * @throws ProtocolError `LINE_TOO_LONG`
 */
export async function* decodeLines(
  stream: ByteStream,
  options: LineOptions & { readonly lineFeedOnly?: boolean } = {},
): AsyncGenerator<string, void, undefined> {
  const { maxLineBytes = defaultMaxLineBytes, lineFeedOnly = false } = options;
  // One decoder for many lines would drop a U+FEFF at the start of each; only the stream's first is a mark.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let first = true;
  let pieces: Uint8Array[] = [];
  let length = 0;
  let afterCarriageReturn = false;

  const keep = (piece: Uint8Array) => {
    length += piece.length;
    if (length > maxLineBytes) throw lineTooLong(maxLineBytes);
    if (piece.length > 0) pieces.push(piece);
  };
  const takeLine = () => {
    const [only] = pieces;
    const line = decoder.decode(pieces.length === 1 ? only : join(pieces, length));
    pieces = [];
    length = 0;
    const isMarked = first && line.startsWith("\u{feff}");
    first = false;
    return isMarked ? line.slice(1) : line;
  };

  for await (const chunk of readBytes(stream)) {
    let start = 0;
    if (afterCarriageReturn && chunk.length > 0) {
      if (chunk[0] === lineFeed) start = 1;
      afterCarriageReturn = false;
    }
    for (;;) {
      const end = findLineEnd(chunk, start, lineFeedOnly);
      if (end < 0) break;
      keep(chunk.subarray(start, end));
      yield takeLine();
      start = end + 1;
      if (chunk[end] !== carriageReturn) continue;
      if (start === chunk.length) afterCarriageReturn = true;
      else if (chunk[start] === lineFeed) start++;
    }
    // The producer may use its buffer again, so what outlives this turn is copied.
    keep(chunk.slice(start));
  }
  if (length > 0) yield takeLine();
}

function findLineEnd(chunk: Uint8Array, start: number, lineFeedOnly: boolean): number {
  const feed = chunk.indexOf(lineFeed, start);
  if (lineFeedOnly) return feed;
  const end = feed < 0 ? chunk.length : feed;
  const carriage = chunk.subarray(start, end).indexOf(carriageReturn);
  return carriage < 0 ? feed : start + carriage;
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

export function lineTooLong(maxLineBytes: number): ProtocolError {
  return new ProtocolError("LINE_TOO_LONG", `A line of the stream is longer than ${maxLineBytes} bytes`, {
    details: { maxLineBytes },
  });
}
