import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { collect } from "../../test/support/collect.ts";
import {
  createScriptedEngine,
  type ScriptedEngine,
  type ScriptedEngineOptions,
} from "../testing/create-scripted-engine.ts";

const answer = () => ({ pieces: ["a", "b"] });
const model = (name: string) => ({ modelPath: `/models/${name}` });

it("loads a model once for requests that ask for it together", async () => {
  await using engine = createScriptedEngine({ answer });
  const leases = await Promise.all([1, 2, 3].map(() => engine.acquire(model("a"))));
  expect(engine.loads).toHaveLength(1);
  expect(engine.loaded()[0]?.activeRequests).toBe(3);
  for (const lease of leases) await lease[Symbol.asyncDispose]();
  expect(engine.loaded()[0]?.activeRequests).toBe(0);
});

it("answers 503 to more waiting requests than the queue holds", async () => {
  await using engine = createScriptedEngine({ answer, maxQueue: 2, maxLoadedModels: 1 });
  await using busy = await engine.acquire(model("a"));
  const waiting = [1, 2].map(() => engine.acquire(model("b")));
  await expect(engine.acquire(model("c"))).rejects.toMatchObject({ code: "QUEUE_FULL" });
  // What is loaded and fits needs no queue.
  await (await engine.acquire(model("a")))[Symbol.asyncDispose]();
  await busy[Symbol.asyncDispose]();
  for (const lease of await Promise.all(waiting)) await lease[Symbol.asyncDispose]();
});

it("lets a cancelled request leave the queue at once", async () => {
  await using engine = createScriptedEngine({ answer, maxLoadedModels: 1 });
  await using _busy = await engine.acquire(model("a"));
  const controller = new AbortController();
  const waiting = engine.acquire(model("b"), { signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
  expect(engine.loaded().map(({ modelPath }) => modelPath)).toEqual(["/models/a"]);
});

it("evicts nothing for a request that is cancelled while it waits for room", async () => {
  await using engine = createScriptedEngine({ answer, maxLoadedModels: 1 });
  const busy = await engine.acquire(model("a"));
  const controller = new AbortController();
  const waiting = engine.acquire(model("b"), { signal: controller.signal });
  await sleep(5);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
  // It serves others again at once, and stays when its request is over.
  await (await engine.acquire(model("a")))[Symbol.asyncDispose]();
  await busy[Symbol.asyncDispose]();
  await sleep(5);
  expect(engine.loads.map(({ modelPath }) => modelPath)).toEqual(["/models/a"]);
  expect(engine.loaded()).toHaveLength(1);
});

it("does not reload for a cancelled request of another context, nor load for one that left the queue", async () => {
  await using engine = createScriptedEngine({ answer, maxLoadedModels: 1 });
  const busy = await engine.acquire(model("a"));
  const controllers = [new AbortController(), new AbortController()];
  const [other, queued] = controllers.map(({ signal }, index) =>
    engine.acquire({ ...model(index === 0 ? "a" : "b"), load: { contextTokens: 77 } }, { signal }),
  );
  await sleep(5);
  for (const controller of controllers) controller.abort();
  await expect(other).rejects.toMatchObject({ code: "ABORTED" });
  await expect(queued).rejects.toMatchObject({ code: "ABORTED" });
  await busy[Symbol.asyncDispose]();
  await sleep(5);
  expect(engine.loads).toHaveLength(1);
});

it("keeps its models together within the memory that they may take", async () => {
  // Each takes a megabyte, and a fifth stays free.
  await using engine = createScriptedEngine({ answer, memoryLimitBytes: 2_500_000 });
  for (const name of ["a", "b", "c"]) await (await engine.acquire(model(name)))[Symbol.asyncDispose]();
  expect(engine.loaded().map(({ modelPath }) => modelPath)).toEqual(["/models/b", "/models/c"]);
  await using small = createScriptedEngine({ answer, memoryLimitBytes: 900_000 });
  await expect(small.acquire(model("a"))).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
});

it("waits for a busy model before it makes room, and takes the idle one first", async () => {
  await using engine = createScriptedEngine({ answer, maxLoadedModels: 2 });
  const busy = await engine.acquire(model("busy"));
  await (await engine.acquire(model("idle")))[Symbol.asyncDispose]();
  await using _third = await engine.acquire(model("third"));
  expect(engine.loaded().map(({ modelPath }) => modelPath)).toEqual(["/models/busy", "/models/third"]);
  let loaded = false;
  const fourth = engine.acquire(model("fourth")).then((lease) => {
    loaded = true;
    return lease;
  });
  await sleep(20);
  expect(loaded).toBe(false);
  await busy[Symbol.asyncDispose]();
  await (await fourth)[Symbol.asyncDispose]();
});

describe("keep-alive", () => {
  it("is that of the last request and runs from its end", async () => {
    await using engine = createScriptedEngine({ answer });
    const lease = await engine.acquire(model("a"), { keepAliveMs: 60_000 });
    await (await engine.acquire(model("a"), { keepAliveMs: 30 }))[Symbol.asyncDispose]();
    await sleep(60);
    expect(engine.loaded()).toHaveLength(1);
    await lease[Symbol.asyncDispose]();
    await sleep(60);
    expect(engine.loaded()).toHaveLength(0);
  });

  it("never ends when negative, and ends with the request when zero", async () => {
    await using engine = createScriptedEngine({ answer });
    await (await engine.acquire(model("a"), { keepAliveMs: -1 }))[Symbol.asyncDispose]();
    expect(engine.loaded()[0]?.expiresAtMs).toBeUndefined();
    await (await engine.acquire(model("a"), { keepAliveMs: 0 }))[Symbol.asyncDispose]();
    await sleep(1);
    expect(engine.loaded()).toHaveLength(0);
  });
});

it("lets running requests end before it unloads on demand, and takes no new ones", async () => {
  await using engine = createScriptedEngine({ answer: () => ({ pieces: [{ text: "slow", delayMs: 30 }] }) });
  const lease = await engine.acquire(model("a"));
  const running = collect(lease, { prompt: "x", sampling: {} });
  expect(await engine.unload("/models/a")).toBe(true);
  expect((await running).text).toBe("slow");
  await lease[Symbol.asyncDispose]();
  await sleep(1);
  expect(engine.loaded()).toEqual([]);
  expect(await engine.unload("/models/a")).toBe(false);
});

it("reloads for another context, for who asks for none after a short one, and not for more than the model knows", async () => {
  await using engine = createScriptedEngine({ answer, trainedContextTokens: 1000 });
  const load = async (contextTokens: number | undefined) => {
    const wanted = contextTokens === undefined ? {} : { load: { contextTokens } };
    await using lease = await engine.acquire({ ...model("a"), ...wanted });
    return lease.info.contextTokens;
  };
  expect(await load(500)).toBe(500);
  expect(await load(undefined)).toBe(1000);
  expect(await load(2000)).toBe(1000);
  expect(await load(9999)).toBe(1000);
  expect(engine.loads).toHaveLength(2);
  await using roomy = createScriptedEngine({ answer, contextTokens: 300, trainedContextTokens: 1000 });
  await using _long = await roomy.acquire({ ...model("a"), load: { contextTokens: 500 } });
  await using open = await roomy.acquire(model("a"));
  expect(open.info.contextTokens).toBe(500);
  expect(roomy.loads).toHaveLength(1);
});

it("fails the requests of a crashed runner and starts another for the next", async () => {
  await using engine = createScriptedEngine({ answer: () => ({ pieces: [{ text: "x", delayMs: 1000 }] }) });
  await using lease = await engine.acquire(model("a"));
  const running = collect(lease, { prompt: "x", sampling: {} });
  setTimeout(() => engine.crash("/models/a"), 5);
  await expect(running).rejects.toMatchObject({ code: "RUNNER_CRASHED" });
  await using _next = await engine.acquire(model("a"));
  expect(engine.loads).toHaveLength(2);
});

it("backs off after deaths without an answer, not after those of runners that work", async () => {
  await using engine = createScriptedEngine({ answer });
  const die = async (answers: boolean) => {
    await using lease = await engine.acquire(model("a"));
    if (answers) await collect(lease, { prompt: "x", sampling: {} });
    engine.crash("/models/a");
  };
  for (let death = 0; death < 5; death++) await die(true);
  for (let death = 0; death < 3; death++) await die(false);
  await expect(engine.acquire(model("a"))).rejects.toMatchObject({
    code: "RUNNER_CRASHED",
    details: { deaths: 3 },
  });
});

it("passes the loader's refusal on and keeps nothing", async () => {
  await using engine = createScriptedEngine({ answer, load: () => ({ code: "LOAD_FAILED", message: "no" }) });
  await expect(engine.acquire(model("a"))).rejects.toMatchObject({ code: "LOAD_FAILED", message: "no" });
  expect(engine.loaded()).toEqual([]);
});

describe("what it tells about models that come and go", () => {
  it("names the reason for which each left", async () => {
    const engine = createScriptedEngine({ answer, maxLoadedModels: 2 });
    const seen: string[] = [];
    const stop = engine.observe((event) => {
      const name = event.model.modelPath.at(-1);
      seen.push(event.type === "model-load" ? `${name} came` : `${name} ${event.reason}`);
    });
    const use = async (name: string, contextTokens?: number, keepAliveMs = 60_000) => {
      const load = contextTokens === undefined ? {} : { load: { contextTokens } };
      await (await engine.acquire({ ...model(name), ...load }, { keepAliveMs }))[Symbol.asyncDispose]();
    };
    await use("a");
    await use("a", 77);
    await use("b", undefined, 0);
    await use("c");
    await use("d");
    engine.crash("/models/c");
    await sleep(1);
    await engine.unload("/models/d");
    await use("e");
    await engine[Symbol.asyncDispose]();
    stop();
    expect(seen).toEqual([
      "a came",
      "a reloaded",
      "a came",
      "b came",
      "b expired",
      "c came",
      "a evicted",
      "d came",
      "c failed",
      "d requested",
      "e came",
      "e closed",
    ]);
  });
});

describe("when memory is short", () => {
  // A megabyte of weights, and 1024 bytes for each token of each slot.
  const dimensions = { keyValueHeadCounts: [4], keyLength: 64, valueLength: 64 };
  const start = (memoryLimitBytes: number, options: Partial<ScriptedEngineOptions> = {}) =>
    createScriptedEngine({ answer, dimensions, memoryLimitBytes, parallel: 4, ...options });
  const loadedWith = async (engine: ScriptedEngine, contextTokens?: number) => {
    const load = contextTokens === undefined ? {} : { load: { contextTokens } };
    await using lease = await engine.acquire({ ...model("a"), ...load });
    return [lease.info.contextTokens, lease.info.parallel];
  };
  const need = (tokens: number) => 1_000_000 + tokens * 1024;

  it.each([
    [4 * 4096, [4096, 4]],
    [4 * 4096 - 1, [2048, 4]],
    [4 * 2048 - 1, [2048, 2]],
    [2 * 2048 - 1, [2048, 1]],
    [2048 - 1, [1024, 1]],
    [512, [512, 1]],
  ])("gives %i tokens in all to a model whose context nobody asked for", async (tokens, expected) => {
    await using engine = start(need(tokens));
    expect(await loadedWith(engine)).toEqual(expected);
    // It stays as it is for requests that leave the context open.
    await loadedWith(engine);
    expect(engine.loads).toHaveLength(1);
  });

  it("says what it would take where not even the smallest context fits", async () => {
    await using engine = start(need(511));
    await expect(engine.acquire(model("a"))).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      details: { neededBytes: need(512), freeBytes: need(511) },
    });
  });

  it("gives a context that was asked for whole, with fewer slots, or not at all", async () => {
    await using engine = start(need(8000));
    expect(await loadedWith(engine, 3000)).toEqual([3000, 2]);
    await expect(loadedWith(engine, 8001)).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      message: expect.stringMatching(/requires more system memory \(.*\) than is available \(.*\)/),
      details: { neededBytes: need(8001), freeBytes: need(8000) },
    });
    // So does a context that the server was told to give.
    await using told = start(need(8000), { contextTokens: 8001, parallel: 1 });
    await expect(loadedWith(told)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
  });

  it("takes nothing from others for what cannot fit anyway", async () => {
    await using engine = start(10_000_000);
    await (await engine.acquire(model("b")))[Symbol.asyncDispose]();
    await expect(loadedWith(engine, 100_000)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    expect(engine.loaded().map(({ modelPath }) => modelPath)).toEqual(["/models/b"]);
  });

  it("steps down when a runner finds less memory than the plan", async () => {
    const tried: (readonly [number | undefined, number])[] = [];
    const engine = start(1_000_000_000, {
      load: ({ load }, parallel) => {
        tried.push([load?.contextTokens, parallel]);
        const fits = parallel * (load?.contextTokens ?? 0) <= 2048;
        return fits ? undefined : { code: "OUT_OF_MEMORY", message: "no" };
      },
    });
    await using _ = engine;
    expect(await loadedWith(engine)).toEqual([2048, 1]);
    expect(tried).toEqual([
      [4096, 4],
      [2048, 4],
      [2048, 2],
      [2048, 1],
    ]);
  });
});
