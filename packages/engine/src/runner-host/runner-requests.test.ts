import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { memoryChannel } from "../../test/support/memory-channel.ts";
import type { CompletionRequest, TokenEvent } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { ChildMessage, HostMessage, RunnerFacts, RunnerSpec } from "../ipc/messages.ts";
import { dispatch } from "../runner-child/dispatch.ts";
import type { DriverModel } from "../runner-child/driver.ts";
import { RunnerRequests } from "./runner-requests.ts";
import { mostBytesOf, watchRunner } from "./watch-runner.ts";

const facts: RunnerFacts = {
  driver: "fake",
  contextTokens: 10,
  trainedContextTokens: 10,
  parallel: 1,
  sizeBytes: 1,
  vramBytes: 0,
  embeddingLength: 1,
};
const turn = { priority: "interactive", clientId: "" } as const;
// The fake reads nothing of it.
const spec = {} as RunnerSpec;
const request: CompletionRequest = { prompt: "x", sampling: {} };

function talk(model: Partial<DriverModel> = {}) {
  const { one: host, other: child } = memoryChannel<HostMessage, ChildMessage>();
  const unused = () => Promise.reject(new Error("unused"));
  dispatch(child, {
    load: async () => ({ facts, steps: 0, ...model }) as DriverModel, // Tests call only what they give.
    quantize: unused,
    probe: unused,
  });
  return { requests: new RunnerRequests(host), host, child };
}

/** A runner whose one request goes on and on, without a decode that ends. */
async function busyRunner(): Promise<RunnerRequests> {
  const { requests } = talk({
    async *complete() {
      await sleep(10_000);
      yield { type: "text-delta", text: "" };
    },
  });
  await requests.request({ type: "load", spec });
  read(requests.stream({ type: "complete", request, turn })).catch(() => {});
  return requests;
}

async function read(events: AsyncIterable<TokenEvent>): Promise<string> {
  let text = "";
  for await (const event of events) if (event.type === "text-delta") text += event.text;
  return text;
}

it("hands over facts, answers and streams of several requests at once", async () => {
  const { requests } = talk({
    tokenize: (text) => [...text].map((_, index) => index),
    async *complete({ prompt }) {
      for (const piece of ["a", "b", "c"]) {
        await sleep(1);
        yield { type: "text-delta", text: `${prompt}${piece}` };
      }
    },
  });
  await requests.greeted;
  expect(await requests.request({ type: "load", spec })).toEqual(facts);
  const stream = (prompt: string) =>
    read(requests.stream({ type: "complete", request: { ...request, prompt }, turn }));
  const [one, two, tokens] = await Promise.all([
    stream("1"),
    stream("2"),
    requests.request({ type: "tokenize", text: "abc", addSpecial: false }),
  ]);
  expect([one, two, tokens]).toEqual(["1a1b1c", "2a2b2c", [0, 1, 2]]);
});

it("carries errors with code, message and details", async () => {
  const { requests } = talk({
    tokenize: () => {
      throw new EngineError("INVALID_REQUEST", "no such token", { details: { token: 7 } });
    },
    detokenize: () => {
      throw new TypeError("a bug");
    },
  });
  await requests.request({ type: "load", spec });
  await expect(requests.request({ type: "tokenize", text: "", addSpecial: false })).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: "no such token",
    details: { token: 7 },
  });
  await expect(requests.request({ type: "detokenize", tokens: [] })).rejects.toMatchObject({
    code: "INTERNAL",
    message: "a bug",
  });
});

it("cancels the child's work when the reader stops or aborts", async () => {
  const aborted: string[] = [];
  const { requests } = talk({
    async *complete({ prompt }, _turn, signal) {
      signal.addEventListener("abort", () => aborted.push(String(prompt)));
      for (;;) {
        await sleep(1);
        if (signal.aborted) throw new Error("stopped");
        yield { type: "text-delta", text: "." };
      }
    },
  });
  await requests.request({ type: "load", spec });
  for await (const _ of requests.stream({ type: "complete", request: { ...request, prompt: "left" }, turn }))
    break;
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const stream = requests.stream(
    { type: "complete", request: { ...request, prompt: "aborted" }, turn },
    controller.signal,
  );
  await expect(read(stream)).rejects.toMatchObject({ code: "ABORTED" });
  expect(aborted).toEqual(["left", "aborted"]);
});

it("fails everything that waits, and everything asked later, when the runner is gone", async () => {
  const { requests } = talk({
    async *complete() {
      await sleep(10_000);
      yield { type: "text-delta", text: "" };
    },
  });
  await requests.request({ type: "load", spec });
  const waiting = read(requests.stream({ type: "complete", request, turn }));
  await sleep(1);
  const gone = new EngineError("RUNNER_CRASHED", "gone");
  requests.fail(gone);
  await expect(waiting).rejects.toBe(gone);
  await expect(requests.request({ type: "health" })).rejects.toBe(gone);
});

it("refuses a child of another version", async () => {
  const { one: host, other: child } = memoryChannel<HostMessage, ChildMessage>();
  const requests = new RunnerRequests(host);
  child.send({ type: "hello", version: 999 });
  await expect(requests.greeted).rejects.toMatchObject({ code: "PROTOCOL_MISMATCH" });
});

it("notices a runner that answers but finishes no decode", async () => {
  const requests = await busyRunner();
  const reason = await new Promise<EngineError>((onFailure) =>
    watchRunner(requests, { hangTimeoutMs: 40, onFailure }),
  );
  expect(reason).toMatchObject({ code: "RUNNER_HUNG", message: expect.stringContaining("no decode ended") });
});

it("does not blame a runner for the time in which the host itself was blocked", async () => {
  const requests = await busyRunner();
  let reason: EngineError | undefined;
  const onFailure = (error: EngineError) => {
    reason = error;
  };
  const stop = watchRunner(requests, { hangTimeoutMs: 200, onFailure });
  const until = Date.now() + 500;
  while (Date.now() < until);
  await sleep(100);
  stop();
  expect(reason).toBeUndefined();
});

it("ends a runner that holds far more memory than its model needs, and tells how much", async () => {
  const requests = await busyRunner();
  const watch = (mostBytes: number) =>
    new Promise<EngineError>((onFailure) =>
      watchRunner(requests, { hangTimeoutMs: 2_000, mostBytes, onFailure }),
    );
  const enough = watch(2 ** 50);
  expect(await watch(1_000_000)).toMatchObject({
    code: "RUNNER_CRASHED",
    message: expect.stringMatching(
      /leaks memory: it holds \d+\.\d GiB, and its model needs less than 0\.0 GiB/,
    ),
  });
  const none = Symbol("none");
  expect(await Promise.race([enough, sleep(100, none)])).toBe(none);
});

it("lets a runner hold twice what was planned, its saved conversations and a GiB", () => {
  const planned = { blockCount: 1, weightsBytes: 100, contextBytes: 20, processBytes: 3 };
  expect(mostBytesOf({ ...spec, planned, promptCacheBytes: 7 })).toBe(246 + 7 + 2 ** 30);
  expect(mostBytesOf(spec)).toBeUndefined();
});
