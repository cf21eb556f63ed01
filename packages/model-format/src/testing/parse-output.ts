import type { ToolCall } from "@puna/protocol";
import { OutputError } from "../errors.ts";
import type { OutputEvent, OutputParser } from "../output/output-parser.ts";

/** What an answer came to, however many pieces it came in. */
export interface ParsedOutput {
  readonly content: string;
  readonly thinking: string;
  readonly calls: readonly ToolCall[];
  readonly error?: string;
}

/** Events of each chunk, those of the end with the last one, as the reference gives them. */
export function parseByChunk(
  parser: OutputParser,
  chunks: readonly string[],
): { readonly events: readonly (readonly OutputEvent[])[]; readonly error?: string } {
  const events: OutputEvent[][] = [];
  try {
    for (const chunk of chunks) events.push([...parser.push(chunk)]);
    const last = parser.end();
    if (events.length === 0) events.push([]);
    events.at(-1)?.push(...last);
  } catch (error) {
    if (!OutputError.is(error)) throw error;
    return { events, error: error.message };
  }
  return { events };
}

/** Text, thinking, calls and error that the chunks come to together. */
export function parseOutput(parser: OutputParser, chunks: readonly string[]): ParsedOutput {
  const { events, error } = parseByChunk(parser, chunks);
  const all = events.flat();
  const join = (type: "text-delta" | "thinking-delta") =>
    all.map((event) => (event.type === type ? event.text : "")).join("");
  const calls = all.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));
  const parsed = { content: join("text-delta"), thinking: join("thinking-delta"), calls };
  return error === undefined ? parsed : { ...parsed, error };
}
