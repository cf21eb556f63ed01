import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly json: unknown;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
}

export type Answer = (request: SeenRequest, response: ServerResponse, count: number) => unknown;

/** A real HTTP server on a free port; `answer` gets each request with its number, from 0. */
export async function startServer(answer: Answer): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const isJson = request.headers["content-type"] === "application/json";
    const entry: SeenRequest = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body,
      json: isJson && body !== "" ? JSON.parse(body) : undefined,
    };
    seen.push(entry);
    await answer(entry, response, seen.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is never a string.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8" })
    .end(JSON.stringify(value));
}

export function sendLines(response: ServerResponse, values: readonly unknown[]): void {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  for (const value of values) response.write(`${JSON.stringify(value)}\n`);
  response.end();
}

export async function toArray<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
