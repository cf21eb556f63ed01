import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { IdleClock } from "./idle-clock.ts";

it("expires when nothing is asked", async () => {
  let expired = 0;
  new IdleClock(20, () => expired++);
  await sleep(80);
  expect(expired).toBe(1);
});

it("waits for a response that is still being read", async () => {
  let expired = 0;
  const clock = new IdleClock(40, () => expired++);
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  const response = await clock.track(() => new Response(pipe.readable));
  await sleep(120);
  expect(expired).toBe(0);
  const read = response.text();
  await pipe.writable.close();
  await read;
  await sleep(120);
  expect(expired).toBe(1);
});

it("counts a response that the client gave up as over", async () => {
  let expired = 0;
  const clock = new IdleClock(20, () => expired++);
  const response = await clock.track(() => new Response(new ReadableStream()));
  await response.body?.cancel();
  await sleep(80);
  expect(expired).toBe(1);
});
