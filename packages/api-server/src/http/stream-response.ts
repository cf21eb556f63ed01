const encoder = new TextEncoder();

/** How a stream of values becomes text on the wire. */
export interface StreamFormat<T> {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  print(value: T): string;
  /** The event that tells the client that the stream failed after it began. */
  printError(error: unknown): string;
}

/**
 * Answers with a stream of values. The first value is awaited before the status is sent, so an error before
 * any byte is thrown to the caller and can still have its own status.
 * One value is pulled when the client has room for it: a slow reader holds the generator back, and with it the engine.
 * A client that goes away ends the generator (its `finally` blocks run) and aborts `abort`.
 */
export async function streamResponse<T>(
  values: AsyncIterable<T>,
  format: StreamFormat<T>,
  abort: AbortController,
  onError: (error: unknown) => void,
): Promise<Response> {
  const iterator = values[Symbol.asyncIterator]();
  let next: IteratorResult<T> | undefined = await iterator.next();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const result = next ?? (await iterator.next());
          next = undefined;
          if (result.done === true) return controller.close();
          controller.enqueue(encoder.encode(format.print(result.value)));
        } catch (error) {
          onError(error);
          controller.enqueue(encoder.encode(format.printError(error)));
          controller.close();
        }
      },
      async cancel(reason) {
        abort.abort(reason);
        await iterator.return?.();
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    status: 200,
    headers: { ...format.headers, "Content-Type": format.contentType },
  });
}
