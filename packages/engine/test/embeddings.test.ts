import { tinyBert } from "@puna/model-format/testing";
import { afterAll, expect, it } from "vitest";
import { createEngine } from "../src/create-engine.ts";
import { runnerEnv } from "./support/runner-env.ts";
import { codeOf } from "./support/subjects.ts";
import { tinyFiles } from "./support/tiny-files.ts";

const files = tinyFiles();
const engine = createEngine({ env: runnerEnv, driver: "native" });
afterAll(() => engine[Symbol.asyncDispose]());
const acquire = (modelPath: string) => engine.acquire({ modelPath, load: { threads: 1, embedding: true } });
const last = files.write(
  "last.gguf",
  tinyBert({ entries: [{ key: "bert.pooling_type", type: "uint32", value: 3 }] }),
);
const none = files.write(
  "none.gguf",
  tinyBert({ entries: [{ key: "bert.pooling_type", type: "uint32", value: 0 }] }),
);
const cls = files.write("cls.gguf", tinyBert({ pooling: "cls" }));

const embed = async (path: string, inputs: readonly (readonly number[])[]) => {
  await using lease = await acquire(path);
  return lease.embed(inputs);
};
const expectSame = (
  found: Float32Array | undefined,
  wanted: ArrayLike<number> | undefined,
  digits: number,
) => {
  if (found === undefined || wanted === undefined) throw new Error("a vector is missing");
  expect(found.length).toBe(wanted.length);
  for (const [index, value] of found.entries())
    expect(value).toBeCloseTo(wanted[index] ?? Number.NaN, digits);
};

it("pools by the first token, the last one, or the mean of all, as the model says", async () => {
  const two = [[7, 9]];
  const [[first], [second], [mean]] = [
    await embed(cls, two),
    await embed(last, two),
    await embed(files.bert, two),
  ];
  expect(first).not.toEqual(second);
  expectSame(
    mean,
    first?.map((value, index) => (value + (second?.[index] ?? 0)) / 2),
    5,
  );
  const one = [[7]];
  expectSame((await embed(cls, one))[0], (await embed(last, one))[0], 6);
  expectSame((await embed(files.bert, one))[0], (await embed(last, one))[0], 6);
});

it("refuses to embed where nothing is pooled, and with a rank head", async () => {
  expect(await codeOf(embed(none, [[7]]))).toBe("UNSUPPORTED");
  expect(await codeOf(embed(files.ranker, [[7]]))).toBe("UNSUPPORTED");
});

it("gives every text the vector that it has alone, whatever is read with it", async () => {
  await using lease = await acquire(files.bert);
  const inputs = Array.from({ length: 300 }, (_, index) =>
    Array.from({ length: 1 + ((index * 37) % 150) }, (_, at) => 5 + ((index + at * 3) % 20)),
  );
  const together = await lease.embed(inputs);
  expect(together).toHaveLength(300);
  for (const index of [0, 1, 17, 150, 299]) {
    const [alone] = await lease.embed([inputs[index] ?? []]);
    expectSame(together[index], alone, 3);
  }
});

it("reads a text that fills the context, and refuses one token more with both counts", async () => {
  await using lease = await acquire(files.bert);
  const { contextTokens } = lease.info;
  const full = Array.from({ length: contextTokens }, () => 6);
  expect(await lease.embed([full])).toHaveLength(1);
  await expect(lease.embed([[6], [...full, 6]])).rejects.toMatchObject({
    code: "PROMPT_TOO_LONG",
    details: { promptTokens: contextTokens + 1, contextTokens },
  });
  expect(await codeOf(lease.embed([[]]))).toBe("INVALID_REQUEST");
  expect(await codeOf(lease.embed([[6], [6, 1_000_000]]))).toBe("INVALID_REQUEST");
  // Nothing of what was refused is left in the batch.
  expect(await lease.embed([[6, 7]])).toHaveLength(1);
});

it("lets a short request through between the batches of a long one, which can be cancelled", async () => {
  await using lease = await acquire(files.bert);
  const long = Array.from({ length: 4_000 }, () => Array.from({ length: 100 }, () => 6));
  const controller = new AbortController();
  let isLongDone = false;
  const work = lease.embed(long, controller.signal).finally(() => {
    isLongDone = true;
  });
  work.catch(() => {});
  expect(await lease.embed([[6, 7]])).toHaveLength(1);
  expect(isLongDone).toBe(false);
  controller.abort();
  await expect(work).rejects.toMatchObject({ code: "ABORTED" });
});

it("counts the tokens of query and document for a rank head, and scores by both", async () => {
  await using lease = await acquire(files.ranker);
  const [query, document] = [await lease.tokenize("hello"), await lease.tokenize("the quick fox")];
  const [bare] = await lease.rank("hello", ["the quick fox"]);
  // Beginning, separator between them, and the end.
  expect(bare?.tokens).toBeGreaterThanOrEqual(query.length + document.length + 2);
  expect(bare?.tokens).toBeLessThanOrEqual(query.length + document.length + 4);
  const [other] = await lease.rank("world", ["the quick fox"]);
  expect(other?.score).not.toBe(bare?.score);
  expect(await codeOf(lease.rank("hello", ["fox ".repeat(600)]))).toBe("PROMPT_TOO_LONG");
});
