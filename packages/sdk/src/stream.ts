import { ProtocolError } from "@puna/protocol";
import { decodeNdjson } from "@puna/protocol/framing";
import { PunaError } from "./errors.ts";

/** What the iterator needs of a request that is under way. */
export interface StreamSource {
  readonly body: ReadableStream<Uint8Array>;
  readonly controller: AbortController;
  /** Fails the stream when no message comes for that long; absent = wait. */
  readonly idleTimeoutMs?: number | undefined;
  /** Called once, however the stream ends. */
  readonly onEnd: () => void;
}

/**
 * The messages of a streamed answer; iterate it once. Leaving the loop early, or `abort()`, ends the request and
 * with it the work of the server.
 * @throws PunaError `STREAM_FAILED`, `STREAM_CUT`, `TIMEOUT`, `INVALID_RESPONSE`; after an abort the signal's reason
 */
export class AbortableAsyncIterator<T extends object> implements AsyncIterable<T>, AsyncDisposable {
  readonly #source: StreamSource;
  #messages: AsyncGenerator<T, void, undefined> | undefined;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  /** Ends the request; a loop over the messages fails with an `AbortError`. */
  abort(): void {
    this.#source.controller.abort();
    this.#source.onEnd();
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    this.#messages ??= readMessages<T>(this.#source);
    return this.#messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
  }
}

async function* readMessages<T extends object>(source: StreamSource): AsyncGenerator<T, void, undefined> {
  const { controller, idleTimeoutMs } = source;
  let idle: ReturnType<typeof setTimeout> | undefined;
  const waitForNext = () => {
    clearTimeout(idle);
    if (idleTimeoutMs === undefined) return;
    const error = new PunaError(
      "TIMEOUT",
      `The server sent nothing for ${idleTimeoutMs} ms in the middle of an answer`,
    );
    idle = setTimeout(() => controller.abort(error), idleTimeoutMs);
  };
  let isComplete = false;
  try {
    waitForNext();
    for await (const message of decodeNdjson(source.body)) {
      clearTimeout(idle);
      if (!isObject(message))
        throw new PunaError("INVALID_RESPONSE", "A line of the answer is not a JSON object");
      if ("error" in message) throw new PunaError("STREAM_FAILED", textOf(message.error));
      // `create` may pull first, whose own `success` is not the last: only the end of the stream is.
      isComplete =
        ("done" in message && message.done === true) || ("status" in message && message.status === "success");
      // The server's types are taken on trust, as with every answer; what matters here was checked above.
      yield message as T;
      waitForNext();
    }
    if (!isComplete) {
      throw new PunaError(
        "STREAM_CUT",
        "The answer ended before its last message; the server may have been stopped",
      );
    }
  } catch (error) {
    // Whatever the network made of it: after an abort, the reason of the abort is the error.
    if (controller.signal.aborted) throw controller.signal.reason;
    throw PunaError.is(error) ? error : toPunaError(error);
  } finally {
    clearTimeout(idle);
    source.onEnd();
  }
}

function toPunaError(cause: unknown): PunaError {
  if (ProtocolError.is(cause)) return new PunaError("INVALID_RESPONSE", cause.message, { cause });
  return new PunaError("STREAM_CUT", "The connection broke in the middle of an answer", { cause });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The text of an `error` value: Ollama's string, or the object that OpenAI's wire form has. */
export function textOf(error: unknown): string {
  if (typeof error === "string") return error;
  if (isObject(error) && "message" in error && typeof error.message === "string") return error.message;
  return JSON.stringify(error);
}
