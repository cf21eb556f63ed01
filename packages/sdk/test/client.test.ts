import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import defaultClient, { Ollama, Puna, PunaError } from "../src/index.ts";
import { type Answer, sendJson, sendLines, startServer, toArray } from "./server.ts";

const chunk = (content: string, done = false) => ({
  model: "m",
  created_at: "t",
  message: { role: "assistant", content },
  done,
});

async function withServer(answer: Answer) {
  const server = await startServer(answer);
  return {
    server,
    client: new Puna({ host: server.url }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe("calls", () => {
  test("use Ollama's routes, methods and bodies", async () => {
    await using world = await withServer((request, response) => {
      if (request.method === "HEAD") response.writeHead(request.path.includes("aaa") ? 200 : 404).end();
      else
        sendJson(response, {
          models: [],
          version: "0.0.0",
          devices: [{ name: "CPU" }],
          embeddings: [[1]],
          embedding: [1],
          response: "r",
          message: { role: "assistant", content: "c" },
          done: true,
        });
    });
    const { client, server } = world;
    await client.chat({
      model: "m",
      messages: [{ role: "user", content: "x", images: [new Uint8Array([104, 105])] }],
    });
    await client.generate({
      model: "m",
      prompt: "p",
      images: ["aGk="],
      think: "max",
      options: { num_ctx: 1, low_vram: true },
    });
    await client.embed({ model: "m", input: ["a"] });
    await client.embeddings({ model: "m", prompt: "a" });
    await client.load("m", "10m");
    await client.unload("m");
    expect(await client.list()).toMatchObject({ models: [] });
    expect(await client.ps()).toMatchObject({ models: [] });
    expect(await client.version()).toMatchObject({ version: "0.0.0" });
    expect(await client.devices()).toMatchObject({ devices: [{ name: "CPU" }] });
    await client.show({ model: "m", verbose: true });
    await client.pull({ model: "m", insecure: true });
    await client.push({ model: "m" });
    await client.create({ model: "n", from: "m", parameters: { stop: ["x"] } });
    expect(await client.copy({ source: "a", destination: "b" })).toEqual({ status: "success" });
    expect(await client.delete({ model: "m" })).toEqual({ status: "success" });
    await client.systemone({ model: "m", state: "s", questions: {} });
    expect(await client.blobs.exists("sha256:aaa")).toBe(true);
    expect(await client.blobs.exists("sha256:bbb")).toBe(false);
    await client.blobs.upload("sha256:ccc", new Uint8Array([1]));
    expect(server.seen.map(({ method, path, json }) => [method, path, json])).toEqual([
      [
        "POST",
        "/api/chat",
        { model: "m", messages: [{ role: "user", content: "x", images: ["aGk="] }], stream: false },
      ],
      [
        "POST",
        "/api/generate",
        {
          model: "m",
          prompt: "p",
          images: ["aGk="],
          think: "max",
          options: { num_ctx: 1, low_vram: true },
          stream: false,
        },
      ],
      ["POST", "/api/embed", { model: "m", input: ["a"] }],
      ["POST", "/api/embeddings", { model: "m", prompt: "a" }],
      ["POST", "/api/generate", { model: "m", prompt: "", keep_alive: "10m", stream: false }],
      ["POST", "/api/generate", { model: "m", prompt: "", keep_alive: 0, stream: false }],
      ["GET", "/api/tags", undefined],
      ["GET", "/api/ps", undefined],
      ["GET", "/api/version", undefined],
      ["GET", "/api/puna/devices", undefined],
      ["POST", "/api/show", { model: "m", verbose: true }],
      ["POST", "/api/pull", { model: "m", insecure: true, stream: false }],
      ["POST", "/api/push", { model: "m", stream: false }],
      ["POST", "/api/create", { model: "n", from: "m", parameters: { stop: ["x"] }, stream: false }],
      ["POST", "/api/copy", { source: "a", destination: "b" }],
      ["DELETE", "/api/delete", { model: "m" }],
      ["POST", "/v1/systemone", { model: "m", state: "s", questions: {} }],
      ["HEAD", "/api/blobs/sha256:aaa", undefined],
      ["HEAD", "/api/blobs/sha256:bbb", undefined],
      ["POST", "/api/blobs/sha256:ccc", undefined],
    ]);
  });

  test("send the client's headers and keep-alive unless the call has its own", async () => {
    await using world = await withServer((_request, response) => sendJson(response, { embeddings: [] }));
    const client = new Puna({
      host: world.server.url,
      headers: { "X-One": "1", Authorization: "Bearer a" },
      keepAlive: "1h",
    });
    await client.embed({ model: "m", input: "a" }, { headers: { authorization: "Bearer b" } });
    await client.embed({ model: "m", input: "a", keep_alive: -1 });
    expect(world.server.seen[0]?.headers).toMatchObject({ "x-one": "1", authorization: "Bearer b" });
    expect(world.server.seen.map(({ json }) => json)).toEqual([
      { model: "m", input: "a", keep_alive: "1h" },
      { model: "m", input: "a", keep_alive: -1 },
    ]);
  });

  test("leave the request object as it was", async () => {
    await using world = await withServer((_request, response) => sendJson(response, chunk("x", true)));
    const image = new Uint8Array([1]);
    const request = Object.freeze({
      model: "m",
      messages: Object.freeze([Object.freeze({ role: "user", content: "x", images: [image] })]),
    });
    await world.client.chat(request);
    expect(request.messages[0]?.images[0]).toBe(image);
  });

  test("run against a fetch function of the same process, without a socket", async () => {
    const inProcess: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      expect(new URL(request.url).pathname).toBe("/api/chat");
      expect(await request.json()).toMatchObject({ model: "m", stream: true });
      return new Response(`${JSON.stringify(chunk("hi"))}\n${JSON.stringify(chunk("", true))}\n`);
    };
    const chunks = await toArray(await new Puna({ fetch: inProcess }).chat({ model: "m", stream: true }));
    expect(chunks.map(({ message }) => message.content).join("")).toBe("hi");
  });

  test("exist on the default export and under the name Ollama", () => {
    expect(defaultClient).toBeInstanceOf(Puna);
    expect(Ollama).toBe(Puna);
  });

  test("to ollama.com are refused without their one argument", async () => {
    await expect(defaultClient.webSearch({ query: "" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(defaultClient.webFetch({ url: "" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});

describe("streams", () => {
  test("give each message as soon as the server has sent it", async () => {
    let release = () => {};
    await using world = await withServer(async (_request, response) => {
      response.write(`${JSON.stringify(chunk("a"))}\n`);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      response.end(`${JSON.stringify(chunk("b", true))}\n`);
    });
    const texts: string[] = [];
    for await (const { message } of await world.client.chat({ model: "m", stream: true })) {
      texts.push(message.content);
      release();
    }
    expect(texts).toEqual(["a", "b"]);
  });

  test("of create run past the success of the pull inside", async () => {
    const lines = [
      { status: "pulling manifest" },
      { status: "success" },
      { status: "writing manifest" },
      { status: "success" },
    ];
    await using world = await withServer((_request, response) => sendLines(response, lines));
    expect(await toArray(await world.client.create({ model: "m", from: "x", stream: true }))).toEqual(lines);
  });

  test("fail with the text of the server's error line", async () => {
    await using world = await withServer((_request, response) =>
      sendLines(response, [chunk("a"), { error: "it broke" }]),
    );
    const texts: string[] = [];
    const read = async () => {
      for await (const { message } of await world.client.chat({ model: "m", stream: true }))
        texts.push(message.content);
    };
    await expect(read()).rejects.toMatchObject({ code: "STREAM_FAILED", message: "it broke" });
    expect(texts).toEqual(["a"]);
  });

  test("that end without their last message fail", async () => {
    await using world = await withServer((_request, response) => sendLines(response, [chunk("a")]));
    await expect(toArray(await world.client.chat({ model: "m", stream: true }))).rejects.toMatchObject({
      code: "STREAM_CUT",
    });
  });

  test("of broken connections fail with a typed error", async () => {
    await using world = await withServer((_request, response) => {
      response.write(`${JSON.stringify(chunk("a"))}\n`, () => response.destroy());
    });
    const failure = await toArray(await world.client.chat({ model: "m", stream: true })).catch(
      (error: unknown) => error,
    );
    expect(PunaError.is(failure) && failure.code).toBe("STREAM_CUT");
  });

  test.each(["abort() of the stream", "abort() of the client", "the signal", "leaving the loop", "disposal"])(
    "end the request on the server by %s",
    async (way) => {
      let closed = () => {};
      const isClosed = new Promise<void>((resolve) => {
        closed = resolve;
      });
      await using world = await withServer(async (_request, response) => {
        response.on("close", closed);
        response.write(`${JSON.stringify(chunk("a"))}\n`);
      });
      const controller = new AbortController();
      const stream = await world.client.chat({ model: "m", stream: true }, { signal: controller.signal });
      const read = async () => {
        for await (const _message of stream) {
          if (way === "leaving the loop") return;
          if (way === "abort() of the stream") stream.abort();
          if (way === "abort() of the client") world.client.abort();
          if (way === "the signal") controller.abort();
          if (way === "disposal") await world.client[Symbol.asyncDispose]();
        }
      };
      if (way === "leaving the loop") await read();
      else await expect(read()).rejects.toMatchObject({ name: "AbortError" });
      await isClosed;
    },
  );
});

describe("errors", () => {
  test.each([
    [400, "BAD_REQUEST"],
    [401, "UNAUTHORIZED"],
    [404, "NOT_FOUND"],
    [418, "HTTP_ERROR"],
    [500, "SERVER_ERROR"],
    [503, "BUSY"],
  ])("of status %d have the code %s and the server's text", async (status, code) => {
    await using world = await withServer((_request, response) =>
      sendJson(response, { error: "what it says" }, status),
    );
    const failure = await world.client.chat({ model: "m" }).catch((error: unknown) => error);
    expect(PunaError.is(failure)).toBe(true);
    expect(failure).toMatchObject({
      code,
      status,
      status_code: status,
      message: "what it says",
      error: "what it says",
    });
  });

  test("show texts that are not JSON, and OpenAI's form of error", async () => {
    await using world = await withServer((request, response) => {
      if (request.path === "/api/tags") response.writeHead(404).end("404 page not found");
      else sendJson(response, { error: { message: "nested", type: "x" } }, 400);
    });
    await expect(world.client.list()).rejects.toThrow("404 page not found");
    await expect(world.client.show({ model: "m" })).rejects.toThrow("nested");
  });

  test("name a server that is not there, at once and without its password", async () => {
    const server = await startServer(() => {});
    await server[Symbol.asyncDispose]();
    let tries = 0;
    const client = new Puna({
      fetch: (input, init) => {
        tries++;
        return fetch(String(input).replace("user:secret@", ""), init);
      },
      host: server.url.replace("//", "//user:secret@"),
    });
    const failure = await client.list().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "CONNECTION_FAILED",
      message: expect.stringMatching(/ECONNREFUSED.*; start the server \('puna serve'\)/),
    });
    expect(String(failure)).not.toContain("secret");
    expect(tries).toBe(1);
  });

  test("tell answers that are not JSON", async () => {
    await using world = await withServer((_request, response) => response.end("<html>"));
    await expect(world.client.list()).rejects.toMatchObject({ code: "INVALID_RESPONSE" });
    await expect(toArray(await world.client.chat({ model: "m", stream: true }))).rejects.toMatchObject({
      code: "INVALID_RESPONSE",
    });
  });
});

describe("limits", () => {
  test("a call that changes nothing is tried again after a broken connection and a busy server", async () => {
    await using world = await withServer((_request, response, count) => {
      if (count === 0) response.destroy();
      else if (count === 1) response.writeHead(503, { "retry-after": "0" }).end("{}");
      else sendJson(response, { models: [] });
    });
    expect(await world.client.list()).toEqual({ models: [] });
    expect(world.server.seen).toHaveLength(3);
  });

  test("other calls are not, and no call more often than allowed", async () => {
    await using world = await withServer((_request, response) =>
      response.writeHead(503, { "retry-after": "0" }).end("{}"),
    );
    await expect(world.client.chat({ model: "m" })).rejects.toMatchObject({ code: "BUSY" });
    await expect(world.client.pull({ model: "m" })).rejects.toMatchObject({ code: "BUSY" });
    expect(world.server.seen).toHaveLength(2);
    await expect(world.client.list({ retries: 1 })).rejects.toMatchObject({ code: "BUSY" });
    expect(world.server.seen).toHaveLength(4);
  });

  test("a wait between tries ends with the signal", async () => {
    await using world = await withServer((_request, response) =>
      response.writeHead(503, { "retry-after": "600" }).end("{}"),
    );
    const controller = new AbortController();
    const call = world.client.list({ signal: controller.signal });
    // The answer has come, or is about to: either way nothing may wait for ten minutes.
    await expect.poll(() => world.server.seen.length).toBe(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(world.server.seen).toHaveLength(1);
  });

  test("timeoutMs bounds the wait for an answer, but not the length of a stream", async () => {
    const timeoutMs = 1000;
    await using world = await withServer(async ({ path, json }, response) => {
      if (path === "/api/tags") return;
      response.write(`${JSON.stringify(chunk("a"))}\n`);
      if (JSON.stringify(json).includes('"stream":false')) return;
      await delay(timeoutMs + 200);
      response.end(`${JSON.stringify(chunk("b", true))}\n`);
    });
    await expect(world.client.list({ timeoutMs: 50 })).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect(world.client.chat({ model: "m" }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    expect(await toArray(await world.client.chat({ model: "m", stream: true }, { timeoutMs }))).toHaveLength(
      2,
    );
  });

  test("idleTimeoutMs bounds the silence between two messages", async () => {
    await using world = await withServer((_request, response) => {
      response.write(`${JSON.stringify(chunk("a"))}\n`);
    });
    const stream = await world.client.chat({ model: "m", stream: true }, { idleTimeoutMs: 60 });
    await expect(toArray(stream)).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  test("an aborted signal stops a call before and during its answer", async () => {
    await using world = await withServer(() => {});
    await expect(world.client.list({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    await expect(world.client.list({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await expect(
      world.client.chat({ model: "m", stream: true }, { signal: AbortSignal.timeout(50) }),
    ).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
