import { describe, expect, it } from "vitest";
import { type Checkpoint, makeRoomForCheckpoint, planResume } from "./checkpoint.ts";

const at = (from: number, to: number, bytes = 0): Checkpoint => ({ from, to, state: new Uint8Array(bytes) });

describe("planResume", () => {
  it("cuts anywhere when every token attends to all before it", () => {
    const shape = { slidingWindowTokens: 0, isRecurrent: false };
    expect(planResume(70, { length: 100, from: 0 }, { checkpoints: [], shape })).toEqual({ length: 70 });
    expect(planResume(500, { length: 100, from: 0 }, { checkpoints: [], shape })).toEqual({ length: 100 });
  });

  it("cuts a window only as far as it still holds what the next token sees", () => {
    const shape = { slidingWindowTokens: 10, isRecurrent: false };
    const resume = (wanted: number, checkpoints: Checkpoint[]) =>
      planResume(wanted, { length: 100, from: 70 }, { checkpoints, shape });
    expect(resume(90, [])).toEqual({ length: 90 });
    expect(resume(75, [])).toEqual({ length: 0 });
    const checkpoint = at(30, 60);
    expect(resume(75, [checkpoint])).toEqual({ length: 60, checkpoint });
    expect(resume(50, [checkpoint])).toEqual({ length: 50, checkpoint });
    expect(resume(35, [checkpoint])).toEqual({ length: 0 });
  });

  it("takes a recurrent state up only where one was set aside", () => {
    const shape = { slidingWindowTokens: 0, isRecurrent: true };
    const [early, late] = [at(-1, 20), at(-1, 50)];
    const resume = (wanted: number) =>
      planResume(wanted, { length: 100, from: 99 }, { checkpoints: [early, late], shape });
    expect(resume(100)).toEqual({ length: 100 });
    expect(resume(60)).toEqual({ length: 50, checkpoint: late });
    expect(resume(49)).toEqual({ length: 20, checkpoint: early });
    expect(resume(19)).toEqual({ length: 0 });
  });
});

describe("makeRoomForCheckpoint", () => {
  const take = (checkpoints: Checkpoint[], to: number, maxBytes: number) => {
    if (makeRoomForCheckpoint(checkpoints, 100, maxBytes)) checkpoints.push(at(0, to, 100));
  };

  it("keeps the first checkpoint and the newest ones", () => {
    const checkpoints: Checkpoint[] = [];
    for (let to = 1; to <= 12; to++) take(checkpoints, to, 1_000_000);
    expect(checkpoints.map(({ to }) => to)).toEqual([1, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("keeps as many as their memory holds, down to the newest, and none that is larger than all of it", () => {
    const checkpoints: Checkpoint[] = [];
    for (let to = 1; to <= 12; to++) take(checkpoints, to, 350);
    expect(checkpoints.map(({ to }) => to)).toEqual([1, 11, 12]);
    const few: Checkpoint[] = [];
    for (let to = 1; to <= 4; to++) take(few, to, 100);
    expect(few.map(({ to }) => to)).toEqual([4]);
    take(few, 5, 99);
    expect(few.map(({ to }) => to)).toEqual([4]);
  });
});
