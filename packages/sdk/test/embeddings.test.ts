import { expect, test } from "vitest";
import { cosineSimilarity, findNearest, Puna } from "../src/index.ts";
import { sendJson, startServer } from "./server.ts";

function inputOf(json: unknown): string[] {
  return typeof json === "object" && json !== null && "input" in json && Array.isArray(json.input)
    ? json.input
    : [];
}

test("embedMany sends batches, some at a time, and keeps the order", async () => {
  let running = 0;
  let most = 0;
  const second = Promise.withResolvers<void>();
  await using server = await startServer(async ({ json }, response) => {
    most = Math.max(most, ++running);
    // The first batch is answered only when another has come, and so after it.
    if (running === 2) second.resolve();
    if (inputOf(json)[0] === "0") await second.promise;
    running--;
    sendJson(response, { embeddings: inputOf(json).map((text) => [Number(text)]) });
  });
  const client = new Puna({ host: server.url });
  const texts = Array.from({ length: 10 }, (_, at) => `${at}`);
  const vectors = await client.embedMany(texts, { model: "m", batchSize: 3, maxParallel: 2, dimensions: 8 });
  expect(vectors).toEqual(texts.map((text) => [Number(text)]));
  // Two travel at a time, so they may arrive in another order than they were sent.
  expect(server.seen.map(({ json }) => inputOf(json).length).sort()).toEqual([1, 3, 3, 3]);
  expect(server.seen[0]?.json).toMatchObject({ model: "m", dimensions: 8 });
  expect(most).toBe(2);
  expect(await client.embedMany([], { model: "m" })).toEqual([]);
});

test("embedMany fails when vectors are missing", async () => {
  await using server = await startServer((_request, response) => sendJson(response, { embeddings: [[1]] }));
  await expect(new Puna({ host: server.url }).embedMany(["a", "b"], { model: "m" })).rejects.toMatchObject({
    code: "INVALID_RESPONSE",
  });
});

test("vectors are compared by their direction alone", () => {
  expect(cosineSimilarity([1, 0], [5, 0])).toBe(1);
  expect(cosineSimilarity([1, 0], [0, 2])).toBe(0);
  expect(cosineSimilarity([1, 2], [-1, -2])).toBeCloseTo(-1);
  expect(cosineSimilarity([0, 0], [1, 1])).toBe(0);
  expect(() => cosineSimilarity([1], [1, 2])).toThrow(RangeError);
  expect(
    findNearest(
      [1, 0],
      [
        [0, 1],
        [1, 1],
        [2, 0],
      ],
      2,
    ).map(({ index }) => index),
  ).toEqual([2, 1]);
});
