import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { StoreError } from "@puna/blob-store";
import { describe, expect, test } from "vitest";
import { sendBlob } from "../src/testing/index.ts";
import { isBlobGet, megabyte, rangeOf, sendPartly, stage } from "./fault-scene.ts";
import { messageOf } from "./support.ts";

describe("the network breaks", () => {
  test("resets at random offsets: every byte is fetched once", async () => {
    await using scene = await stage();
    let breaks = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest) || breaks >= 20) return false;
      breaks += 1;
      sendPartly(request, response, scene.weights, 1 + ((breaks * 73_421) % 400_000), () =>
        response.destroy(),
      );
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(breaks).toBe(20);
    expect(await scene.hasWeights()).toBe(true);
    // What the kernel had not handed over when the connection was reset never arrived, so it is no finished range.
    expect(scene.servedBytes()).toBeLessThan(scene.weights.length + 20 * 400_000);
  });

  test("an answer that ends early goes on at the byte where it ended", async () => {
    await using scene = await stage();
    let calls = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest) || ++calls > 3) return false;
      const { head, body } = rangeOf(request, scene.weights);
      delete head["content-length"];
      response.writeHead(206, head).end(body.subarray(0, 100_000));
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });

  test("a stall before the first byte and one in the middle are noticed, and nothing is fetched twice", async () => {
    await using scene = await stage();
    let calls = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      calls += 1;
      if (calls === 1) return true;
      if (calls > 3) return false;
      sendPartly(request, response, scene.weights, 300_000, () => {});
      return true;
    };
    const started = Date.now();
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(Date.now() - started).toBeLessThan(5000);
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });

  test("a server that only ever stalls ends with a clear text, and the store stays empty", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request) => isBlobGet(request, scene.digest);
    const { error } = await scene.pull({ retry: { attempts: 3, baseMs: 1, maxMs: 2 } });
    expect(messageOf(error)).toMatch(
      /^max retries exceeded: 127\.0\.0\.1:\d+ sent nothing for .* s; pull again to resume$/,
    );
    expect(error).toMatchObject({ code: "STALLED" });
    expect(await scene.store.manifests.list()).toEqual([]);
  });

  test("slow loris: a byte now and then counts as a stall", async () => {
    await using scene = await stage(megabyte);
    let calls = 0;
    const timers: NodeJS.Timeout[] = [];
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest) || ++calls > 1) return false;
      const { head, body } = rangeOf(request, scene.weights);
      response.writeHead(206, head);
      let at = 0;
      timers.push(setInterval(() => response.write(body.subarray(at, ++at)), 20));
      return true;
    };
    const { error } = await scene.pull();
    for (const timer of timers) clearInterval(timer);
    expect(error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
  });

  test("no server: told at once what could not be reached", async () => {
    await using scene = await stage();
    await scene.registry[Symbol.asyncDispose]();
    const { error } = await scene.pull();
    expect(error).toMatchObject({ code: "UNREACHABLE" });
    expect(messageOf(error)).toMatch(
      /^pull model manifest: GET http:\/\/127\.0\.0\.1:\d+\/v2\/library\/m\/manifests\/latest: connect ECONNREFUSED/,
    );
  });
});

describe("the server answers wrongly", () => {
  test("500s and 429 with Retry-After are waited out", async () => {
    await using scene = await stage();
    let calls = 0;
    let retriedAfterMs = 0;
    let refusedAt = 0;
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      calls += 1;
      if (calls === 1) response.writeHead(500).end("oops");
      else if (calls === 2) {
        refusedAt = Date.now();
        response.writeHead(429, { "retry-after": "1" }).end();
      } else {
        if (calls === 3) retriedAfterMs = Date.now() - refusedAt;
        return false;
      }
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(retriedAfterMs).toBeGreaterThanOrEqual(990);
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length + "oops".length);
  });

  test("endless 503s end with the registry's own words", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      response.writeHead(503).end("we are closed");
      return true;
    };
    const { error } = await scene.pull();
    expect(messageOf(error)).toBe("max retries exceeded: 503: we are closed; pull again to resume");
  });

  test("416, and a total that differs from the manifest, are a wrong size", async () => {
    await using scene = await stage();
    for (const answer of [
      { status: 416, headers: {} },
      { status: 206, headers: { "content-range": "bytes 0-9/10", "content-length": 10 } },
      { status: 200, headers: { "content-length": 10 } },
    ]) {
      scene.registry.intercept = (request, response) => {
        if (!isBlobGet(request, scene.digest)) return false;
        response.writeHead(answer.status, answer.headers).end(answer.status === 416 ? "" : "0123456789");
        return true;
      };
      const { error } = await scene.pull();
      expect(error).toMatchObject({ code: "SIZE_MISMATCH" });
    }
    expect(await scene.hasWeights()).toBe(false);
  });

  test("a wrong length in HEAD is told before the first byte", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request, response) => {
      if (request.method !== "HEAD" || !request.url?.endsWith(scene.digest)) return false;
      response.writeHead(200, { "content-length": 5 }).end();
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toMatchObject({ code: "SIZE_MISMATCH" });
    expect(scene.servedBytes()).toBe(0);
  });

  test("other bytes of the same length: refused, told in Ollama's words, removed, and fetched anew by the next pull", async () => {
    await using scene = await stage(megabyte);
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      sendBlob(request, response, randomBytes(scene.weights.length));
      return true;
    };
    const first = await scene.pull();
    expect(StoreError.is(first.error)).toBe(true);
    expect(messageOf(first.error)).toContain(
      `digest mismatch, file must be downloaded again: want ${scene.digest}, got sha256:`,
    );
    expect(first.events.at(-1)?.status).toBe("verifying sha256 digest");
    expect(await readdir(scene.store.layout.stagingDir)).toEqual([]);
    scene.registry.intercept = undefined;
    expect((await scene.pull()).error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
  });

  test("a range other than the one asked for is not written", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request, response) => {
      if (!isBlobGet(request, scene.digest)) return false;
      response
        .writeHead(206, { "content-range": `bytes 7-16/${scene.weights.length}`, "content-length": 10 })
        .end("0123456789");
      return true;
    };
    expect((await scene.pull()).error).toMatchObject({ code: "RESPONSE_INVALID" });
  });

  test("a server without ranges is read in one stream", async () => {
    await using scene = await stage();
    scene.registry.intercept = (request) => {
      delete request.headers.range;
      return false;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });

  test("a token that ends in mid-pull is renewed", async () => {
    await using scene = await stage();
    let token = 0;
    let uses = 0;
    scene.registry.intercept = (request, response) => {
      if (request.url?.startsWith("/token") === true) {
        token += 1;
        uses = 0;
        response.end(JSON.stringify({ token: `t${token}` }));
        return true;
      }
      uses += 1;
      if (request.headers.authorization === `Bearer t${token}` && uses <= 4) return false;
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="s",scope="repository:library/m:pull"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return true;
    };
    const { error } = await scene.pull();
    expect(error).toBeUndefined();
    expect(token).toBeGreaterThan(1);
    expect(await scene.hasWeights()).toBe(true);
    expect(scene.servedBytes()).toBe(scene.weights.length);
  });
});
