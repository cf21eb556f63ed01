import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiRequest } from "./api-request.ts";

/** A request of `node:http`. @returns undefined for a target that is no path */
export function fromNode(incoming: IncomingMessage, outgoing: ServerResponse): ApiRequest | undefined {
  const url = readTarget(incoming.url ?? "");
  if (url === undefined) return undefined;
  const { headers, method = "GET" } = incoming;
  return {
    method,
    path: url.pathname,
    search: url.search,
    // HTTP/1.0 knows no such header; who speaks it is on this machine or came through a proxy.
    host: headers.host ?? "localhost",
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    bytes: () => readAll(incoming),
    body() {
      if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined)
        return undefined;
      // An iterator that ended would end the connection, and with it the reply that says why.
      const iterator: AsyncIterator<Uint8Array> = incoming.iterator({ destroyOnReturn: false });
      return {
        async read() {
          const { done, value } = await iterator.next();
          return done === true ? { done } : { done: false, value };
        },
        cancel: async () => {},
      };
    },
    onGone: (listener) => whenGone(outgoing, listener),
  };
}

/** Tells when the connection ends before the reply was sent whole. */
export function whenGone(outgoing: ServerResponse, listener: (reason: unknown) => void): void {
  const closed = () => {
    if (!outgoing.writableFinished) listener(clientGone());
  };
  if (outgoing.destroyed) closed();
  else outgoing.once("close", closed);
}

/** A path, or a whole URL as proxies send it; a backslash would be a slash to some and a letter to others. */
function readTarget(target: string): URL | undefined {
  if (/^[^?]*\\/.test(target)) return undefined;
  if (target.startsWith("/")) return URL.parse(`http://localhost${target}`) ?? undefined;
  return /^https?:\/\//.test(target) ? (URL.parse(target) ?? undefined) : undefined;
}

function readAll(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    incoming.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
    incoming.once("end", () => {
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    });
    incoming.once("error", reject);
    incoming.once("close", () => {
      if (!incoming.readableEnded) reject(clientGone());
    });
  });
}

/** Made when it is true: an exception costs a stack trace. */
function clientGone(): DOMException {
  return new DOMException("the client went away", "AbortError");
}
