import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { IdleClock } from "./idle-clock.ts";

it("expires when nothing is asked", async () => {
  let expired = 0;
  new IdleClock(20, () => expired++);
  await sleep(80);
  expect(expired).toBe(1);
});

it("waits for replies that are still being written, or given up", async () => {
  let expired = 0;
  const clock = new IdleClock(40, () => expired++);
  const [first, second] = [new EventEmitter(), new EventEmitter()];
  clock.track(first);
  clock.track(second);
  await sleep(120);
  first.emit("close");
  await sleep(120);
  expect(expired).toBe(0);
  second.emit("close");
  await sleep(120);
  expect(expired).toBe(1);
});
