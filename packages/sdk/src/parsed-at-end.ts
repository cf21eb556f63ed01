import type { InferJsonSchema } from "./infer-json-schema.ts";
import type { AbortableAsyncIterator } from "./stream.ts";
import { type FormatInput, parseAs, type StandardSchema } from "./structured-output.ts";

/** What a schema as `format` adds to a stream. */
export type WithParsedAtEnd<F> =
  F extends StandardSchema<infer Output>
    ? ParsedAtEnd<Output>
    : F extends Readonly<Record<string, unknown>>
      ? ParsedAtEnd<InferJsonSchema<F>>
      : unknown;

/** A stream whose whole text has a value. */
export interface ParsedAtEnd<Output> {
  /**
   * The value of the whole answer. Call it after the loop over the messages, or instead of it.
   * @throws PunaError `INVALID_OUTPUT`, and what the stream throws; Error when the loop was left before its end
   */
  parsed(): Promise<Output>;
}

/** Adds `parsed()` to a stream; the messages are the same. */
export function withParsedAtEnd<T extends object>(
  stream: AbortableAsyncIterator<T>,
  format: FormatInput,
  textOf: (message: T) => string,
): AbortableAsyncIterator<T> {
  if (typeof format === "string" || format === undefined || format === null) return stream;
  let text = "";
  let isComplete = false;
  async function* record(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    for await (const message of source) {
      text += textOf(message);
      yield message;
    }
    isComplete = true;
  }
  const messages = record({ [Symbol.asyncIterator]: stream[Symbol.asyncIterator].bind(stream) });
  return Object.defineProperties(stream, {
    [Symbol.asyncIterator]: { value: () => messages },
    parsed: {
      value: async () => {
        for await (const _message of messages) {
          // Only the whole text has a value.
        }
        if (!isComplete) throw new Error("The answer was left before its end");
        return parseAs(format, text);
      },
    },
  });
}
