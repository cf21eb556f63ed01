import { contentTypes } from "./json-response.ts";
import type { RequestContext } from "./route.ts";

const encoder = new TextEncoder();
const streamTypes: readonly string[] = [contentTypes.ndjson, contentTypes.sse];

/** Whether a response of the server is a stream, whose pieces should go out as they come. */
export function isStreamed(response: Response): boolean {
  return streamTypes.includes(response.headers.get("content-type") ?? "");
}

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
 * A client that goes away ends the generator (its `finally` blocks run) and aborts the request's work.
 */
export async function streamResponse<T>(
  values: AsyncIterable<T>,
  format: StreamFormat<T>,
  { abort, reportLate, beginStream }: Pick<RequestContext, "abort" | "reportLate" | "beginStream">,
): Promise<Response> {
  const iterator = values[Symbol.asyncIterator]();
  let next: IteratorResult<T> | undefined = await iterator.next();
  const ended = beginStream();
  let isGone = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const result = next ?? (await iterator.next());
          next = undefined;
          // What was awaited when the client went away is for nobody.
          if (isGone) return;
          if (result.done !== true) return controller.enqueue(encoder.encode(format.print(result.value)));
        } catch (error) {
          reportLate(error);
          if (isGone) return;
          controller.enqueue(encoder.encode(format.printError(error)));
        }
        ended();
        controller.close();
      },
      async cancel(reason) {
        isGone = true;
        abort.abort(reason);
        try {
          await iterator.return?.();
        } finally {
          ended();
        }
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    status: 200,
    headers: { ...format.headers, "Content-Type": format.contentType },
  });
}
