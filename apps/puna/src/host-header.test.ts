import { createServer, type RequestListener } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { withCheckedHost } from "./host-header.ts";

/** What comes back for the bytes of a request; a request that is let through is answered with its Host. */
async function ask(request: string): Promise<string> {
  const listener: RequestListener = ({ url, headers }, response) => response.end(`${url} of ${headers.host}`);
  const server = createServer({ requireHostHeader: false }, withCheckedHost(listener));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    const socket = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
    socket.end(request);
    return await text(socket);
  } finally {
    server.close();
  }
}

it.each([
  ["GET / HTTP/1.1\r\nHost: a b\r\n", "400 Bad Request: malformed Host header"],
  ["GET / HTTP/1.1\r\nHost: a/b\r\n", "400 Bad Request: malformed Host header"],
  ["GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n", "400 Bad Request: too many Host headers"],
  ["GET / HTTP/1.1\r\n", "400 Bad Request: missing required Host header"],
])("refuses %j", async (head, body) => {
  const reply = await ask(`${head}Connection: close\r\n\r\n`);
  expect(reply).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(reply.toLowerCase()).toContain("\r\ncontent-type: text/plain; charset=utf-8\r\n");
  expect(reply.split("\r\n\r\n")[1]?.replace(/^[0-9a-f]+\r\n|\r\n0$/g, "")).toBe(body);
});

it.each(["localhost", "LOCALHOST:1", "::1", "[::1]:80", "127.1:80", "999.1.1.1", "a:99999", ""])(
  "lets the guards judge the host %j",
  async (host) => {
    const reply = await ask(`GET /x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(reply).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(reply).toContain(`/x of ${host}`);
  },
);

it("asks HTTP/1.0 for no host", async () => {
  expect(await ask("GET /x HTTP/1.0\r\n\r\n")).toContain("/x of undefined");
});
