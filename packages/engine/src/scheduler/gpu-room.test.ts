import { expect, it } from "vitest";
import { tinyFiles } from "../../test/support/tiny-files.ts";
import { EngineError } from "../errors.ts";
import type { RunnerSpec } from "../ipc/messages.ts";
import { silentLogger } from "../logger.ts";
import { readModelFacts } from "../read-model-facts.ts";
import { scriptedRunner } from "../testing/scripted-runner.ts";
import { Scheduler } from "./scheduler.ts";

const files = tinyFiles();

/** Runners whose models lie on one GPU, which holds `room` of them. */
function schedulerOf(
  room: number,
  {
    onProcessor = [],
    refuses = () => false,
    ...options
  }: Partial<Pick<ConstructorParameters<typeof Scheduler>[0], "freeBytes" | "gpuFreeBytes">> & {
    readonly onProcessor?: readonly string[];
    /** What runners say to a load that does not fit, before anything else. */
    readonly refuses?: (spec: RunnerSpec) => boolean;
  } = {},
) {
  const loads: RunnerSpec[] = [];
  let held = 0;
  const scheduler = new Scheduler({
    startRunner: async (spec) => {
      const wantsGpu = !onProcessor.includes(spec.modelPath);
      const isOnGpu = wantsGpu && held < room;
      if (wantsGpu && !isOnGpu && spec.wholeOnGpu)
        throw new EngineError("OUT_OF_MEMORY", "no room on the GPU");
      loads.push(spec);
      if (refuses(spec)) throw new EngineError("OUT_OF_MEMORY", "the driver gives less than it said");
      held += isOnGpu ? 1 : 0;
      const { runner } = scriptedRunner({
        spec,
        modelSpec: { modelPath: spec.modelPath },
        script: () => ({ pieces: ["a"] }),
        record: () => {},
        embed: () => [1],
        rank: () => 0,
      });
      void runner.exited.then(() => {
        held -= isOnGpu ? 1 : 0;
      });
      return { ...runner, facts: { ...runner.facts, sizeBytes: 1000, vramBytes: isOnGpu ? 1000 : 0 } };
    },
    readFacts: readModelFacts,
    freeBytes: () => Number.MAX_SAFE_INTEGER,
    now: Date.now,
    logger: silentLogger,
    driver: "auto",
    maxLoadedModels: 3,
    maxQueue: 8,
    parallel: 1,
    keepAliveMs: 60_000,
    loadTimeoutMs: 0,
    contextTokens: 256,
    contextIsAutomatic: true,
    kvCacheType: "f16",
    promptCacheBytes: 0,
    draftTokens: 0,
    gpuOverheadBytes: 77,
    ...options,
  });
  const names = () => scheduler.loaded().map(({ modelPath }) => modelPath);
  return { scheduler, loads, names };
}

it("tells the runner what its model will take, and what to leave free", async () => {
  const { scheduler, loads } = schedulerOf(1);
  await (await scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  const [spec] = loads;
  expect(spec?.planned?.blockCount).toBeGreaterThan(0);
  expect(spec?.planned?.weightsBytes).toBeGreaterThan(10_000);
  expect(spec?.gpuOverheadBytes).toBe(77);
  await scheduler[Symbol.asyncDispose]();
});

it("has idle models leave the GPU before another one is computed on the processor", async () => {
  const { scheduler, loads, names } = schedulerOf(1);
  await (await scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  await (await scheduler.acquire({ modelPath: files.otherLlama }))[Symbol.asyncDispose]();
  expect(names()).toEqual([files.otherLlama]);
  expect(scheduler.loaded()[0]?.vramBytes).toBeGreaterThan(0);
  expect(loads.map(({ wholeOnGpu }) => wholeOnGpu)).toEqual([false, false]);
  await scheduler[Symbol.asyncDispose]();
});

it("lets a model on the GPU go on that is in use, and puts the other on the processor", async () => {
  const { scheduler, names } = schedulerOf(1);
  const busy = await scheduler.acquire({ modelPath: files.llama });
  await (await scheduler.acquire({ modelPath: files.otherLlama }))[Symbol.asyncDispose]();
  expect(names().sort()).toEqual([files.llama, files.otherLlama].sort());
  await busy[Symbol.asyncDispose]();
  await scheduler[Symbol.asyncDispose]();
});

it("takes nothing from models on the processor, and does not wait for them", async () => {
  const { scheduler, names } = schedulerOf(1, { onProcessor: [files.bert] });
  const busy = await scheduler.acquire({ modelPath: files.bert, load: { embedding: true } });
  await (await scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  await (await scheduler.acquire({ modelPath: files.otherLlama }))[Symbol.asyncDispose]();
  expect(names().sort()).toEqual([files.bert, files.otherLlama].sort());
  await busy[Symbol.asyncDispose]();
  await scheduler[Symbol.asyncDispose]();
});

it("keeps both where the GPU holds both", async () => {
  const { scheduler, names } = schedulerOf(2);
  await (await scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  await (await scheduler.acquire({ modelPath: files.otherLlama }))[Symbol.asyncDispose]();
  expect(names()).toHaveLength(2);
  await scheduler[Symbol.asyncDispose]();
});

it("asks for the memory of GPUs again when a model has left that held it", async () => {
  let freeBytes = 100_000_000;
  let asked = 0;
  const { scheduler, loads, names } = schedulerOf(1, {
    freeBytes: () => freeBytes,
    gpuFreeBytes: async () => {
      asked += 1;
      // The second answer: the first model has left by then.
      return asked === 1 ? 0 : 100_000_000;
    },
  });
  await (await scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  freeBytes = 1000;
  await (await scheduler.acquire({ modelPath: files.otherLlama }))[Symbol.asyncDispose]();
  expect([asked, names(), loads.length]).toEqual([2, [files.otherLlama], 2]);
  await scheduler[Symbol.asyncDispose]();
});

it("counts the memory of GPUs where a model needs more than the machine has, and asks for it only then", async () => {
  let asked = 0;
  const gpuFreeBytes = async () => {
    asked += 1;
    return 10 * 2 ** 30;
  };
  const small = schedulerOf(1, { freeBytes: () => 1000, gpuFreeBytes });
  await (await small.scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  expect([small.names(), asked]).toEqual([[files.llama], 1]);
  await small.scheduler[Symbol.asyncDispose]();
  const none = schedulerOf(1, { freeBytes: () => 1000 });
  await expect(none.scheduler.acquire({ modelPath: files.llama })).rejects.toMatchObject({
    code: "OUT_OF_MEMORY",
  });
  const large = schedulerOf(1, { gpuFreeBytes });
  await (await large.scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  expect(asked).toBe(1);
  for (const { scheduler } of [none, large]) await scheduler[Symbol.asyncDispose]();
});

it("tells a runner that counts on GPUs how little the machine has beside them, as it is when it starts", async () => {
  let freeBytes = 100_000_000;
  const { scheduler, loads, names } = schedulerOf(2, {
    freeBytes: () => freeBytes,
    gpuFreeBytes: async () => 10 * 2 ** 30,
    // The driver has less than it said, until the machine has room for what it refuses.
    refuses: ({ hostRoomBytes = Number.POSITIVE_INFINITY }) => hostRoomBytes < 2000,
  });
  await (await scheduler.acquire({ modelPath: files.llama }))[Symbol.asyncDispose]();
  expect(loads.at(-1)?.hostRoomBytes).toBeUndefined();
  freeBytes = 1000;
  scheduler.observe(({ type }) => {
    if (type === "model-unload") freeBytes = 3000;
  });
  await (await scheduler.acquire({ modelPath: files.otherLlama }))[Symbol.asyncDispose]();
  expect(loads.map(({ hostRoomBytes }) => hostRoomBytes)).toEqual([undefined, 1000, 3000]);
  expect(names()).toEqual([files.otherLlama]);
  await scheduler[Symbol.asyncDispose]();
});

it("refuses a model for which neither the GPU, as its driver says then, nor the machine has room", async () => {
  const { scheduler, loads } = schedulerOf(1, {
    freeBytes: () => 1000,
    gpuFreeBytes: async () => 100_000_000,
    refuses: ({ hostRoomBytes }) => hostRoomBytes === 1000,
  });
  const work = scheduler.acquire({ modelPath: files.llama, load: { contextTokens: 256 } });
  await expect(work).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
  expect(loads).toHaveLength(1);
  await scheduler[Symbol.asyncDispose]();
});
