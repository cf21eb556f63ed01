import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ApiRequest } from "./api-request.ts";
import { contentTypes } from "./json-reply.ts";
import { sendReply } from "./node-reply.ts";
import { fromNode } from "./node-request.ts";
import type { Reply } from "./reply.ts";

/** How long a client may go on sending a body that nobody reads, once it has its reply. */
const leftBodyMs = 500;

/** Serves `node:http`, and whatever takes its listeners. */
export function nodeListener(handle: (request: ApiRequest) => Promise<Reply>): RequestListener {
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.once("finish", () => dropBody(incoming));
    const request = fromNode(incoming, outgoing);
    try {
      await sendReply(request === undefined ? badTarget : await handle(request), outgoing);
    } catch (error) {
      // No reply of ours can bring this about; if one did, the server would go on.
      outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (incoming, outgoing) => void serve(incoming, outgoing);
}

const badTarget: Reply = {
  status: 400,
  headers: { "Content-Type": `${contentTypes.text}; charset=utf-8`, Connection: "close" },
  body: "400 Bad Request",
};

/** The connection serves the next request only when this one was read to its end. */
function dropBody(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  incoming.resume();
  const timer = setTimeout(() => incoming.socket.destroy(), leftBodyMs);
  incoming.once("close", () => clearTimeout(timer));
}
