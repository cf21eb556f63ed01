import { expect, it } from "vitest";
import { DraftAcceptance } from "./draft-acceptance.ts";
import { DraftPlanner } from "./draft-planner.ts";

const repeated = Array.from({ length: 80 }, (_, index) => index % 40);
const short = [1, 2, 3, ...Array.from({ length: 20 }, (_, index) => 50 + index), 1, 2, 3];

function start(costs: Readonly<Record<number, number>> = {}, most = 11) {
  const planner = new DraftPlanner(most);
  for (let round = 0; round < 3; round++) planner.record(0, 10);
  for (const [drafted, cost] of Object.entries(costs)) planner.record(Number(drafted), 10 * cost);
  const size = (tokens = repeated, acceptance = new DraftAcceptance(), room = Number.POSITIVE_INFINITY) =>
    planner.plan(tokens, acceptance, room)?.tokens.length ?? 0;
  return { planner, size };
}

const measured = { 3: 2.2, 7: 2.9, 11: 3.7 };

it("drafts more after long matches than after short ones", () => {
  const { size } = start(measured);
  expect(size()).toBe(11);
  expect(size(short)).toBe(7);
  expect(size([1, 2, 3])).toBe(0);
});

it("drafts nothing where decodes of several tokens cost as much as those tokens", () => {
  const { size, planner } = start({ 3: 4, 7: 8, 11: 12 });
  expect(size()).toBe(0);
  // Until what was measured is old.
  for (let round = 0; round < 256; round++) planner.record(0, 10);
  expect(size()).toBe(11);
});

it("takes one slow decode for what it is", () => {
  const { size, planner } = start();
  for (const cost of [3, 90, 3, 3]) planner.record(11, cost * 10);
  expect(size()).toBe(11);
});

it("drafts nothing before there are single decodes to compare with", () => {
  expect(new DraftPlanner(11).plan(repeated, new DraftAcceptance(), 100)).toBeUndefined();
});

it("stops after drafts that were wrong, for matches of that length", () => {
  const { size } = start(measured);
  const acceptance = new DraftAcceptance();
  for (let round = 0; round < 3; round++) acceptance.record(3, 3, 0);
  expect(size(short, acceptance)).toBe(0);
  expect(size(repeated, acceptance)).toBe(11);
  for (let round = 0; round < 12; round++) acceptance.record(3, 3, 3);
  expect(size(short, acceptance)).toBeGreaterThan(0);
});

it("keeps within what may still come and what a decode may have", () => {
  expect([0, 2, 3, 6, 7, 10, 11].map((room) => start(measured).size(repeated, undefined, room))).toEqual([
    0, 0, 3, 3, 7, 7, 11,
  ]);
  expect([0, 2, 3, 8, 11, 50].map((most) => start(measured, most).size())).toEqual([0, 0, 3, 7, 11, 11]);
});

it("uses no length that changes what comes out", () => {
  const { planner, size } = start(measured);
  expect(planner.isProven(11)).toBeUndefined();
  planner.prove(11, false);
  planner.prove(7, true);
  expect(planner.isProven(7)).toBeUndefined();
  planner.prove(7, true);
  expect([planner.isProven(11), planner.isProven(7), size()]).toEqual([false, true, 7]);
});
