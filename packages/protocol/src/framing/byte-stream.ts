/** Bytes as they arrive, cut anywhere: a response body, a Node stream, an array in a test. */
export type ByteStream = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Iterates a stream also where `ReadableStream` is not iterable (Safari); leaving the loop cancels it. */
export async function* readBytes(stream: ByteStream): AsyncGenerator<Uint8Array, void, undefined> {
  if (!("getReader" in stream)) {
    yield* stream;
    return;
  }
  const reader = stream.getReader();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        finished = true;
        return;
      }
      yield value;
    }
  } finally {
    // A stream that failed rejects its cancel with the same error; the reader has already seen that one.
    if (!finished) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}
