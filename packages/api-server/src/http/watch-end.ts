import { contentTypes } from "./json-response.ts";

const streamTypes: readonly string[] = [contentTypes.ndjson, contentTypes.sse];

/** Whether a response of the server is a stream, whose pieces should go out as they come. */
export function isStreamed(response: Response): boolean {
  return streamTypes.includes(response.headers.get("content-type") ?? "");
}

/** Calls `onEnd` once, when the reply was sent whole, failed, or was given up by the client. */
export function watchEnd(response: Response, onEnd: () => void): Response {
  // A reply that is in memory is as good as sent. Its body is not even looked at: servers send one that nobody
  // has touched in one piece and without a stream.
  const body = isStreamed(response) ? response.body : null;
  if (body === null) {
    onEnd();
    return response;
  }
  const reader = body.getReader();
  let isCanceled = false;
  const watched = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          if (!isCanceled) onEnd();
          throw error;
        });
        // A read that waits when the client goes away ends as if the reply were whole.
        if (isCanceled) return;
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      },
      async cancel(reason) {
        isCanceled = true;
        try {
          await reader.cancel(reason);
        } finally {
          onEnd();
        }
      },
    },
    // Nothing is read ahead: the stream below already holds one piece ready.
    { highWaterMark: 0 },
  );
  return new Response(watched, response);
}
