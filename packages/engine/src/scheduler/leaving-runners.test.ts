import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createScriptedEngine } from "../testing/create-scripted-engine.ts";

/** An engine whose runners take a while to end, and what happened to them. */
function slowToLeave(maxLoadedModels: number) {
  const happened: string[] = [];
  const engine = createScriptedEngine({
    answer: () => ({ pieces: ["a"] }),
    keepAliveMs: 0,
    maxLoadedModels,
    load: ({ modelPath }) => {
      happened.push(`start ${modelPath}`);
      return undefined;
    },
    async retire(modelPath) {
      happened.push(`leave ${modelPath}`);
      await sleep(30);
      happened.push(`left ${modelPath}`);
    },
  });
  return { engine, happened };
}

it("loads nothing before runners that were let go have ended, and saved what they know", async () => {
  const { engine, happened } = slowToLeave(3);
  await (await engine.acquire({ modelPath: "a" }))[Symbol.asyncDispose]();
  await (await engine.acquire({ modelPath: "a" }))[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  expect(happened).toEqual(["start a", "leave a", "left a", "start a", "leave a", "left a"]);
});

it("asks a runner once to end, though both its keep-alive and its successor want that", async () => {
  const { engine, happened } = slowToLeave(1);
  const first = await engine.acquire({ modelPath: "a" });
  const second = engine.acquire({ modelPath: "b" });
  await sleep(5);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  expect(happened.slice(0, 4)).toEqual(["start a", "leave a", "left a", "start b"]);
  await engine[Symbol.asyncDispose]();
  expect(happened.at(-1)).toBe("left b");
});
