import { describe, expect, it } from "vitest";
import {
  type AttentionShape,
  type AttentionValues,
  attentionTensors,
  plainAttention,
} from "./support/attention-tensors.ts";
import { canRun, inThreads, openProducts } from "./support/matmul-library.ts";
import { randomNumbers } from "./support/random-numbers.ts";

/** As llama.cpp plans it. @source llama.cpp v0.5.0 ggml-cpu.c, GGML_OP_FLASH_ATTN_EXT in ggml_graph_plan */
const workBytes = ({ keyLength, valueLength }: AttentionShape, threads: number) =>
  4 * 64 * (2 * keyLength + 2 * valueLength + 2 * 64) * threads;

describe.skipIf(!canRun)("attention", () => {
  it("is that of plain sums, whatever the shape", () => {
    const random = randomNumbers(1);
    for (let round = 0; round < 30; round++) {
      const shape = randomShape(random, round);
      const values = randomValues(random, shape);
      const found = attend(shape, values, 1 + Math.floor(random() * 4));
      const expected = plainAttention(shape, values);
      const worst = found.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - (expected[at] ?? Number.NaN))),
        0,
      );
      expect(worst, JSON.stringify(shape)).toBeLessThan(1e-5);
    }
  });

  it("gives a token the same bits alone as among others", () => {
    const random = randomNumbers(2);
    for (let round = 0; round < 12; round++) {
      const shape = { ...randomShape(random, round), streams: 1, tokens: 2 + Math.floor(random() * 30) };
      const values = randomValues(random, shape);
      const { tokens, heads, cells, keyLength, valueLength } = shape;
      const together = attend(shape, values, 2);
      const token = Math.floor(random() * tokens);
      const ofToken = (all: readonly number[]) =>
        Array.from({ length: heads }, (_, head) => head * tokens + token).flatMap((row) =>
          all.slice(row * keyLength, (row + 1) * keyLength),
        );
      const alone = attend(
        { ...shape, tokens: 1 },
        {
          ...values,
          queries: ofToken(values.queries),
          mask: values.mask.slice(token * cells, (token + 1) * cells),
        },
        1,
      );
      const size = heads * valueLength;
      expect(bits(alone), JSON.stringify(shape)).toEqual(
        bits(together.subarray(token * size, (token + 1) * size)),
      );
    }
  });

  it("does not look at what stands in cells that nobody sees", () => {
    const shape = { ...randomShape(randomNumbers(3), 0), cells: 40, streams: 1 };
    const values = randomValues(randomNumbers(3), shape);
    const mask = values.mask.map((value, at) => (at % shape.cells < 7 ? Number.NEGATIVE_INFINITY : value));
    const poison = (all: readonly number[], length: number) =>
      all.map((value, at) => (Math.floor(at / length) % shape.cells < 7 ? Number.NEGATIVE_INFINITY : value));
    const clean = attend(shape, { ...values, mask }, 1);
    const poisoned = {
      ...values,
      mask,
      keys: poison(values.keys, shape.keyLength),
      values: poison(values.values, shape.valueLength),
    };
    expect(bits(attend(shape, poisoned, 1))).toEqual(bits(clean));
  });
});

function randomShape(random: () => number, round: number): AttentionShape {
  const whole = (below: number) => Math.floor(random() * below);
  const group = 1 + whole(5);
  const keyHeads = 1 + whole(2);
  return {
    keyLength: [8, 64, 128, 20, 256, 33][round % 6] ?? 8,
    valueLength: [8, 64, 128, 24, 256, 35][(round + whole(2)) % 6] ?? 8,
    tokens: round % 5 === 0 ? 60 + whole(20) : 1 + whole(9),
    heads: group * keyHeads,
    keyHeads,
    streams: 1 + whole(2),
    cells: round % 3 === 0 ? 256 + whole(60) : 1 + whole(150),
    scale: 0.1 + random() / 4,
    maxBias: round % 4 === 3 ? 8 : 0,
    softcap: round % 4 === 2 ? 30 : 0,
  };
}

/** Numbers that f16 holds; some tokens see nothing, most a beginning with gaps. */
function randomValues(random: () => number, shape: AttentionShape): AttentionValues {
  const whole = (below: number) => Math.floor(random() * below);
  const { keyLength, valueLength, tokens, heads, keyHeads, streams, cells } = shape;
  const some = (count: number) => Array.from({ length: count }, () => (whole(4001) - 2000) / 1024);
  const mask = Array.from({ length: streams * tokens }, () => {
    const end = whole(8) === 0 ? 0 : whole(cells + 1);
    return Array.from({ length: cells }, (_, cell) =>
      cell < end && whole(9) > 0 ? -whole(3) * Number(shape.maxBias > 0) : Number.NEGATIVE_INFINITY,
    );
  }).flat();
  return {
    queries: some(streams * heads * tokens * keyLength),
    keys: some(streams * keyHeads * cells * keyLength),
    values: some(streams * keyHeads * cells * valueLength),
    mask,
    ...(whole(4) === 0 ? { sinks: some(heads) } : {}),
  };
}

function attend(shape: AttentionShape, values: AttentionValues, threads: number): Float32Array {
  const { attend: run } = openProducts();
  const { out, found, kept } = attentionTensors(shape, values);
  inThreads(threads, (params) => run(params, out), new Uint8Array(workBytes(shape, threads)));
  expect(kept).toBeDefined();
  return found;
}

function bits(values: Float32Array): number[] {
  return [...new Uint32Array(values.slice().buffer)];
}
