import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { whenGone } from "./node-request.ts";
import type { Reply, ReplyStream } from "./reply.ts";

/** Writes a reply to a socket; the headers of a stream go out together with its first piece. */
export async function sendReply({ status, headers, body }: Reply, outgoing: ServerResponse): Promise<void> {
  if (body === undefined) {
    outgoing.writeHead(status, headers).end();
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    outgoing.writeHead(status, { ...headers, "Content-Length": length }).end(body);
  } else {
    outgoing.writeHead(status, headers);
    await sendStream(body, outgoing);
  }
}

/** A slow client holds back whoever makes the pieces; one that goes away stops them. */
async function sendStream(body: ReplyStream, outgoing: ServerResponse): Promise<void> {
  whenGone(outgoing, (reason) => void body.cancel(reason).catch(() => {}));
  try {
    while (!outgoing.destroyed) {
      const piece = await body.next();
      if (piece === undefined) break;
      if (!outgoing.destroyed && !outgoing.write(piece)) await roomIn(outgoing);
    }
    outgoing.end();
  } catch (error) {
    // A length was not promised, so only a broken connection says that this is not all.
    outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

async function roomIn(outgoing: ServerResponse): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    await Promise.race([once(outgoing, "drain", { signal }), once(outgoing, "close", { signal })]);
  } finally {
    stop.abort();
  }
}
