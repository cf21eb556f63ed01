import { expect, it } from "vitest";
import { ThreadGovernor } from "./thread-governor.ts";

function start(most: number) {
  let now = 0;
  const governor = new ThreadGovernor(most, () => now);
  return {
    governor,
    /** Decodes of 100 ms in which each thread gets a share of a core. */
    run: (seconds: number, share: number) => {
      for (let step = 0; step < seconds * 10; step++) {
        now += 100;
        governor.record(100, 100 * share * governor.threads);
      }
    },
  };
}

it("keeps all threads while they get their share", () => {
  const { governor, run } = start(4);
  run(10, 0.95);
  expect(governor.threads).toBe(4);
});

it("gives threads up that others keep from running, down to one", () => {
  const { governor, run } = start(8);
  run(0.4, 0.5);
  expect(governor.threads).toBe(4);
  run(1.2, 0.3);
  expect(governor.threads).toBe(1);
});

it("keeps all threads through the moment in which several requests arrive", () => {
  const { governor, run } = start(2);
  for (let burst = 0; burst < 20; burst++) {
    run(0.1, 0.4);
    run(0.5, 0.95);
  }
  expect(governor.threads).toBe(2);
});

it("takes them back when the others are done, and tries less often while they are not", () => {
  const { governor, run } = start(2);
  run(0.4, 0.4);
  expect(governor.threads).toBe(1);
  run(0.8, 0.9);
  expect(governor.threads).toBe(1);
  run(1, 0.95);
  expect(governor.threads).toBe(2);

  const busy = start(2);
  let withAll = 0;
  for (let step = 0; step < 600; step++) {
    busy.run(0.1, busy.governor.threads === 2 ? 0.4 : 0.8);
    if (busy.governor.threads === 2) withAll += 1;
  }
  expect(withAll).toBeLessThan(40);
});
