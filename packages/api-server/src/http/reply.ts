/** What the server says to a request, before it is put into the form of whoever asked: a `Response`, or a socket. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: none. */
  readonly body?: string | Uint8Array | ReplyStream;
}

/** A body that is made while it is sent. */
export interface ReplyStream {
  /** The next piece, asked for when there is room for it; undefined at the end. Rejects where the reply must break off. */
  next(): Promise<string | Uint8Array | undefined>;
  /** Nobody reads any more: whoever makes the pieces shall stop. */
  cancel(reason: unknown): Promise<void>;
}

/** The same reply with further headers. */
export function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

const encoder = new TextEncoder();

/** A reply as everything that speaks `fetch` takes it. */
export function toResponse({ status, headers, body }: Reply): Response {
  if (body === undefined) return new Response(null, { status, headers });
  if (typeof body === "string") return new Response(body, { status, headers });
  // Only `ArrayBuffer`s are bodies; nobody here makes shared ones.
  if (body instanceof Uint8Array) return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await body.next();
        if (piece === undefined) controller.close();
        else controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      },
      cancel: (reason) => body.cancel(reason),
    },
    { highWaterMark: 1 },
  );
  return new Response(stream, { status, headers });
}

/** Bytes as they come; what goes wrong breaks the reply off. */
export function byteStream(bytes: AsyncIterable<Uint8Array>): ReplyStream {
  const iterator = bytes[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    },
    async cancel() {
      await iterator.return?.();
    },
  };
}
