import type { Reply, ReplyStream } from "./reply.ts";
import type { RequestContext } from "./route.ts";

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
export async function streamReply<T>(
  values: AsyncIterable<T>,
  format: StreamFormat<T>,
  context: Pick<RequestContext, "abort" | "reportLate" | "beginStream">,
): Promise<Reply> {
  const iterator = values[Symbol.asyncIterator]();
  const first = await iterator.next();
  return {
    status: 200,
    headers: { ...format.headers, "Content-Type": format.contentType },
    body: printed(iterator, first, { format, context, ended: context.beginStream() }),
  };
}

interface Printing<T> {
  readonly format: StreamFormat<T>;
  readonly context: Pick<RequestContext, "abort" | "reportLate">;
  readonly ended: () => void;
}

function printed<T>(
  iterator: AsyncIterator<T>,
  first: IteratorResult<T>,
  { format, context, ended }: Printing<T>,
): ReplyStream {
  let next: IteratorResult<T> | undefined = first;
  let isOver = false;
  let isGone = false;
  const end = () => {
    if (!isOver) ended();
    isOver = true;
  };
  return {
    async next() {
      if (isOver) return undefined;
      try {
        const result = next ?? (await iterator.next());
        next = undefined;
        // What was awaited when the client went away is for nobody.
        if (isGone) return undefined;
        if (result.done !== true) return format.print(result.value);
      } catch (error) {
        context.reportLate(error);
        if (isGone) return undefined;
        end();
        return format.printError(error);
      }
      end();
      return undefined;
    },
    async cancel(reason) {
      isGone = true;
      context.abort.abort(reason);
      try {
        await iterator.return?.();
      } finally {
        end();
      }
    },
  };
}
