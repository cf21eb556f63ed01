import fc from "fast-check";
import { expect, test } from "vitest";
import { adjustConnections, firstConnectionPlan, planPartBytes } from "./chunk-plan.ts";

const megabyte = 1024 * 1024;

test("parts of all connections together fit the window, and are whole bytes", () => {
  fc.assert(
    fc.property(
      fc.option(fc.double({ min: 0, max: 1e10, noNaN: true }), { nil: undefined }),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1024, max: 1024 * megabyte }),
      (connectionRate, connections, windowBytes) => {
        const part = planPartBytes({ connectionRate, connections, windowBytes });
        expect(Number.isInteger(part)).toBe(true);
        expect(part).toBeGreaterThan(0);
        expect(part * connections).toBeLessThanOrEqual(windowBytes);
      },
    ),
  );
});

test("a fast connection gets larger parts than a slow one", () => {
  const size = (connectionRate: number) =>
    planPartBytes({ connectionRate, connections: 4, windowBytes: 64 * megabyte });
  expect(size(1e6)).toBe(megabyte);
  expect(size(10e6)).toBe(5e6);
  expect(size(1e9)).toBe(Math.floor((64 * megabyte) / 5));
});

test("connections double while each doubling pays, and stop at the limit", () => {
  let plan = firstConnectionPlan;
  const counts = [plan.connections];
  for (let step = 0; step < 8; step += 1) {
    plan = adjustConnections(plan, plan.connections * 50e6, 16);
    counts.push(plan.connections);
  }
  expect(counts.slice(0, 4)).toEqual([4, 8, 16, 16]);
  expect(plan.connections).toBe(16);
});

test("a doubling that does not pay is taken back", () => {
  let plan = firstConnectionPlan;
  const counts: number[] = [];
  for (let step = 0; step < 6; step += 1) {
    plan = adjustConnections(plan, 1e9, 16);
    counts.push(plan.connections);
  }
  expect(counts).toEqual([8, 8, 8, 4, 4, 4]);
});

test("one slow moment does not end an increase that pays", () => {
  let plan = adjustConnections(firstConnectionPlan, 200e6, 16);
  for (const rate of [150e6, 390e6, 300e6, 780e6]) plan = adjustConnections(plan, rate, 16);
  expect(plan.connections).toBe(16);
  expect(plan.settledRate).toBe(780e6);
});
