import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { ApiRequest } from "./api-request.ts";
import { emptyReply, jsonReply } from "./json-reply.ts";
import { nodeListener } from "./node-listener.ts";
import { readBody } from "./read-body.ts";
import { byteStream, type Reply, type ReplyStream } from "./reply.ts";

/** A connection to a server that answers so. */
async function dial(handle: (request: ApiRequest) => Promise<Reply> | Reply) {
  const server = createServer(
    { requireHostHeader: false },
    nodeListener(async (request) => handle(request)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const socket = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  socket.on("error", () => {});
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Everything that comes back until the server closes the connection. */
async function ask(request: string, handle: (request: ApiRequest) => Promise<Reply> | Reply) {
  await using connection = await dial(handle);
  connection.socket.write(request);
  return await text(connection.socket);
}

const head = (start: string, ...headers: readonly string[]) => [start, ...headers, "", ""].join("\r\n");
const last = "Connection: close";
const describeRequest = ({ method, path, search, host, header }: ApiRequest) =>
  jsonReply({ method, path, search, host, accept: header("accept") ?? null });

/** Pieces, and what became of the stream. */
function streamOf(pieces: AsyncIterator<string>) {
  const reasons: unknown[] = [];
  const body: ReplyStream = {
    next: async () => (await pieces.next()).value,
    cancel: async (reason) => void reasons.push(reason),
  };
  return { reply: { status: 200, headers: { "Content-Type": "text/plain" }, body }, reasons };
}

async function untilHas(socket: Socket, part: string): Promise<string> {
  let received = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += String(chunk);
    if (received.includes(part)) return received;
  }
  throw new Error(`the connection ended after ${received}`);
}

describe("requests", () => {
  it.each([
    ["GET /a/../b?x=1 HTTP/1.1", { path: "/b", search: "?x=1", host: "h:1" }],
    ["GET //a HTTP/1.1", { path: "//a", search: "" }],
    ["GET /%2e%2e/a%20b HTTP/1.1", { path: "/a%20b" }],
    ["GET http://other/a HTTP/1.1", { path: "/a", host: "h:1" }],
    ["GET /a?b\\c HTTP/1.1", { path: "/a", search: "?b\\c" }],
  ])("reads %j", async (start, expected) => {
    const answer = await ask(head(start, "Host: h:1", "Accept: x", "Accept: y", last), describeRequest);
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({
      method: "GET",
      accept: "x, y",
      ...expected,
    });
  });

  it.each(["GET /a\\b HTTP/1.1", "OPTIONS * HTTP/1.1", "GET ftp://a/ HTTP/1.1"])(
    "refuses the target of %j",
    async (start) => {
      const answer = await ask(head(start, "Host: h"), describeRequest);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(answer.split("\r\n\r\n")[1]).toBe("400 Bad Request");
    },
  );

  it.each([10, 200_000])("reads a body of %d bytes, whole and in chunks", async (size) => {
    const handle = async (request: ApiRequest) => jsonReply((await readBody(request, 1_000_000)).byteLength);
    const body = "x".repeat(size);
    const whole = await ask(
      head("POST / HTTP/1.1", "Host: h", last, `Content-Length: ${size}`) + body,
      handle,
    );
    expect(whole.split("\r\n\r\n")[1]).toBe(String(size));
    const chunks = `5\r\nxxxxx\r\n${(size - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`;
    const chunked = await ask(
      head("POST / HTTP/1.1", "Host: h", last, "Transfer-Encoding: chunked") + chunks,
      handle,
    );
    expect(chunked.split("\r\n\r\n")[1]).toBe(String(size));
  });

  it.each(["Content-Length: 100", "Transfer-Encoding: chunked"])(
    "tells a reader of a body that never ends that the client went away (%s)",
    async (header) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      await using connection = await dial(async (request) => {
        await readBody(request, 1_000_000).catch(resolve);
        return emptyReply();
      });
      connection.socket.write(`${head("POST / HTTP/1.1", "Host: h", header)}5\r\nabcde\r\n`);
      setTimeout(() => connection.socket.destroy(), 50);
      expect(await promise).toBeInstanceOf(Error);
    },
  );

  it("serves the next request of a connection after one whose body nobody read", async () => {
    await using connection = await dial(({ path }) => jsonReply(path));
    const size = 300_000;
    connection.socket.write(
      head("POST /first HTTP/1.1", "Host: h", `Content-Length: ${size}`) + "x".repeat(size),
    );
    await untilHas(connection.socket, '"/first"');
    connection.socket.write(head("GET /second HTTP/1.1", "Host: h"));
    await untilHas(connection.socket, '"/second"');
  });

  it("ends a connection that goes on sending what nobody reads", async () => {
    await using connection = await dial(async (request) => {
      await request.body()?.read();
      return emptyReply(413);
    });
    const { socket } = connection;
    socket.write(head("POST / HTTP/1.1", "Host: h", "Content-Length: 1000000000"));
    const timer = setInterval(() => socket.write("x".repeat(1000)), 10);
    expect(await text(socket).catch(() => "reset")).toMatch(/^HTTP\/1\.1 413|^reset/);
    clearInterval(timer);
  });
});

describe("replies", () => {
  it.each([
    ["GET", "text"],
    ["HEAD", ""],
  ])("have a length that tells where they end (%s)", async (method, body) => {
    const reply = { status: 200, headers: { "X-One": "1" }, body: "text" };
    const [top = "", rest] = (await ask(head(`${method} / HTTP/1.1`, "Host: h", last), () => reply)).split(
      "\r\n\r\n",
    );
    expect(top).toMatch(/\r\nContent-Length: 4/);
    expect(top).toMatch(/\r\nX-One: 1/);
    expect(rest).toBe(body);
  });

  it("send the headers of a stream with its first piece, and each piece when it is there", async () => {
    const second = Promise.withResolvers<void>();
    async function* pieces() {
      yield "one";
      await second.promise;
      yield "two";
    }
    await using connection = await dial(() => streamOf(pieces()).reply);
    connection.socket.write(head("GET / HTTP/1.1", "Host: h"));
    const [first] = (await once(connection.socket, "data")) as [Buffer];
    expect(String(first)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n3\r\none\r\n$/);
    second.resolve();
    await untilHas(connection.socket, "3\r\ntwo\r\n0\r\n\r\n");
  });

  it("stream to HTTP/1.0 without chunks", async () => {
    async function* pieces() {
      yield "one";
      yield "two";
    }
    const answer = await ask(head("GET / HTTP/1.0"), () => streamOf(pieces()).reply);
    expect(answer.split("\r\n\r\n")[1]).toBe("onetwo");
  });

  it("make no more pieces than a client takes that does not read", async () => {
    let made = 0;
    async function* pieces() {
      for (;;) {
        made += 1;
        yield "x".repeat(100_000);
      }
    }
    await using connection = await dial(() => streamOf(pieces()).reply);
    connection.socket.pause();
    connection.socket.write(head("GET / HTTP/1.1", "Host: h"));
    // What fits the buffers of the system is on its way; it is a few megabytes.
    const counts: number[] = [];
    const isStill = () => counts.push(made) > 1 && made > 0 && counts.at(-2) === made;
    await expect.poll(isStill, { interval: 200, timeout: 10_000 }).toBe(true);
    expect(made).toBeLessThan(200);
  });

  it.each([true, false])(
    "stop when the client goes away, while a piece is awaited or not (%s)",
    async (waits) => {
      async function* pieces() {
        yield "one";
        if (waits) await new Promise((resolve) => setTimeout(resolve, 300));
        for (;;) {
          yield "more";
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      const { reply, reasons } = streamOf(pieces());
      const gone = Promise.withResolvers<unknown>();
      await using connection = await dial((request) => {
        request.onGone(gone.resolve);
        return reply;
      });
      connection.socket.write(head("GET / HTTP/1.1", "Host: h"));
      await untilHas(connection.socket, "one");
      connection.socket.destroy();
      expect(await gone.promise).toMatchObject({ name: "AbortError" });
      await expect.poll(() => reasons).toEqual([expect.objectContaining({ name: "AbortError" })]);
    },
  );

  it("tell nobody of a client that goes away after it had everything", async () => {
    const { reply, reasons } = streamOf(
      (async function* () {
        yield "one";
      })(),
    );
    let isGone = false;
    await ask(head("GET / HTTP/1.1", "Host: h", last), (request) => {
      request.onGone(() => {
        isGone = true;
      });
      return reply;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([isGone, reasons]).toEqual([false, []]);
  });

  it("break off where they cannot go on, so that half of one does not look whole", async () => {
    async function* bytes() {
      yield Buffer.from("half");
      throw new Error("the disk is gone");
    }
    const answer = await ask(head("GET / HTTP/1.1", "Host: h", last), () => ({
      status: 200,
      headers: {},
      body: byteStream(bytes()),
    })).catch(() => "reset");
    expect(answer).not.toContain("0\r\n\r\n");
  });

  it("that cannot be sent end their connection and nothing else", async () => {
    const answer = await ask(head("GET / HTTP/1.1", "Host: h", last), () => ({
      status: 200,
      headers: { "X-Broken": "a\nb" },
      body: "x",
    })).catch(() => "reset");
    expect(answer).not.toContain("200");
  });
});
