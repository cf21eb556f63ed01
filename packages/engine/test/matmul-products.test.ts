import { describe, expect, it } from "vitest";
import { canRun, inThreads, openProducts } from "./support/matmul-library.ts";
import { floatBits, halfBits, randomNumbers } from "./support/random-numbers.ts";

const types = { f32: 0, f16: 1, q5_0: 6, q8_0: 8, q5_K: 13, q6_K: 14, q8_K: 15, bf16: 30 } as const;

describe.skipIf(!canRun)("products of floats", () => {
  it.each(["f16", "bf16", "f32"] as const)(
    "are the sums of %s rows by tokens, whatever the shape, and are written nowhere else",
    (name) => {
      const { multiply } = openProducts();
      const type = types[name];
      const random = randomNumbers(type + 1);
      const whole = (below: number) => Math.floor(random() * below);
      for (let round = 0; round < 60; round++) {
        const n = round === 30 ? 530 : 12 + whole(30);
        const [m, k] = [16 + whole(60), 1 + whole(round % 6 === 0 ? 700 : 40)];
        const [lda, ldb, ldc] = [k + whole(3), k + whole(3), m + whole(3)];
        const values = (count: number) =>
          Array.from({ length: count }, () => rounded(random() * 2 - 1, name));
        const [weights, tokens] = [values(m * lda), values(n * ldb)];
        const [a, b] = [typed(weights, name), typed(tokens, name)];
        const found = new Float32Array(n * ldc).fill(-7);
        inThreads(1 + whole(4), (params) =>
          expect(multiply(params, m, n, k, a, lda, b, ldb, found, ldc, type, type, types.f32)).toBe(true),
        );
        let [worst, strays] = [0, 0];
        for (let j = 0; j < n; j++) {
          for (let i = 0; i < ldc; i++) {
            const value = found[j * ldc + i] ?? Number.NaN;
            if (i >= m) strays += value === -7 ? 0 : 1;
            else {
              let sum = 0;
              for (let l = 0; l < k; l++) sum += (weights[i * lda + l] ?? 0) * (tokens[j * ldb + l] ?? 0);
              worst = Math.max(worst, Math.abs(value - sum));
            }
          }
        }
        const shape = `${m} × ${k} by ${n}`;
        expect(strays, shape).toBe(0);
        expect(worst, shape).toBeLessThan(1e-6 * (k + 10));
      }
    },
  );
});

describe.skipIf(!canRun)("products of quantised rows", () => {
  it.each([
    { name: "q5_0", tokens: "q8_0", values: 32, bytes: 22, tokenBytes: 34, scalesAt: [0], fewest: 4 },
    { name: "q8_0", tokens: "q8_0", values: 32, bytes: 34, tokenBytes: 34, scalesAt: [0], fewest: 12 },
    { name: "q5_K", tokens: "q8_K", values: 256, bytes: 176, tokenBytes: 292, scalesAt: [0, 2], fewest: 2 },
    { name: "q6_K", tokens: "q8_K", values: 256, bytes: 210, tokenBytes: 292, scalesAt: [208], fewest: 2 },
  ] as const)("are to the bit what llama.cpp makes of a $name row and a token", (format) => {
    const { multiply, dot } = openProducts();
    const theirs = dot(`${format.name}_${format.tokens}`);
    const random = randomNumbers(types[format.name]);
    const whole = (below: number) => Math.floor(random() * below);
    for (let round = 0; round < 24; round++) {
      const [m, n] = [4 + whole(14), round === 12 ? 400 : format.fewest + whole(20)];
      // Longer rows than a panel holds, too.
      const k = 1 + whole(round % 4 === 0 ? 2400 / format.values + 60 : 4);
      const [lda, ldb, ldc] = [k + whole(2), k + whole(2), m + whole(3)];
      const a = blocks(random, m * lda, format.bytes, format.scalesAt);
      const b = tokenBlocks(random, n * ldb, format.tokens);
      const found = new Float32Array(n * ldc).fill(-7);
      inThreads(1 + whole(4), (params) =>
        expect(
          multiply(params, m, n, k, a, lda, b, ldb, found, ldc, types[format.name], types[format.tokens], 0),
        ).toBe(true),
      );
      const expected = new Float32Array(n * ldc).fill(-7);
      for (let j = 0; j < n; j++)
        for (let i = 0; i < m; i++) {
          const row = a.subarray(i * lda * format.bytes);
          const token = b.subarray(j * ldb * format.tokenBytes);
          theirs(k * format.values, expected.subarray(j * ldc + i), 0, row, 0, token, 0, 1);
        }
      expect(new Uint32Array(found.buffer), `${m} × ${k} by ${n}`).toEqual(new Uint32Array(expected.buffer));
      expect(found.every(Number.isFinite)).toBe(true);
    }
  });

  it.each(["q4_K", "q4_0"] as const)(
    "are to the bit what llama.cpp makes of repacked %s rows and a single token",
    (type) => {
      const random = randomNumbers(4);
      const whole = (below: number) => Math.floor(random() * below);
      for (let round = 0; round < 30; round++) {
        const [m, n] = [8 * (1 + whole(5)), 4 * (round === 12 ? 100 : 1 + whole(6))];
        const [k, ldc] = [round % 5 === 0 ? 5 + whole(70) : 1 + whole(4), m + whole(3)];
        const a = blocks(random, (m / 8) * k, repacked[type].bytes, repacked[type].scalesAt);
        const tokens = tokenBlocks(random, n * k, repacked[type].tokens);
        const [found, expected] = repackedProducts(type, a, tokens, { m, n, k, ldc });
        expect(new Uint32Array(found.buffer), `${m} × ${k} by ${n}`).toEqual(
          new Uint32Array(expected.buffer),
        );
        expect(found.every(Number.isFinite)).toBe(true);
      }
    },
  );

  it.each([
    ["q4_K", 128, 0xff],
    ["q4_0", 16, 0x88],
    ["q4_0", 16, 0x77],
  ] as const)("of %s are right for the largest values", (type, from, byte) => {
    const almostOne = () => 0.999999;
    const a = blocks(almostOne, 1, repacked[type].bytes, repacked[type].scalesAt).fill(byte, from);
    const tokens = tokenBlocks(almostOne, 4, repacked[type].tokens);
    const [found, expected] = repackedProducts(type, a, tokens, { m: 8, n: 4, k: 1, ldc: 8 });
    expect(found).toEqual(expected);
    expect(found[0]).not.toBe(0);
  });
});

type FloatType = "f16" | "bf16" | "f32";

/** The nearest value that the type holds, roughly: so many bits of it. */
function rounded(value: number, type: FloatType): number {
  if (type === "f32") return Math.fround(value);
  const steps = type === "f16" ? 2 ** 10 : 2 ** 7;
  return Math.round(value * steps) / steps;
}

function typed(values: readonly number[], type: FloatType): Uint8Array | Float32Array {
  if (type === "f32") return Float32Array.from(values);
  const bits = type === "f16" ? values.map(halfBits) : values.map((value) => floatBits(value) >>> 16);
  return new Uint8Array(Uint16Array.from(bits).buffer);
}

/** A byte of -127 to 127: no type's values are rounded to -128. */
function signedByte(random: () => number): number {
  return Math.floor(random() * 255) - 127;
}

/** A scale as f16, a small one. */
function putScale(view: DataView, at: number, random: () => number): void {
  view.setUint16(at, halfBits((1024 + Math.floor(random() * 1024)) / 2 ** 16), true);
}

/** Rows of random blocks, with scales at some of their bytes. */
function blocks(random: () => number, count: number, bytes: number, scalesAt: readonly number[]): Uint8Array {
  const data = Int8Array.from({ length: count * bytes }, () => signedByte(random));
  const view = new DataView(data.buffer);
  for (let block = 0; block < count; block++)
    for (const at of scalesAt) putScale(view, block * bytes + at, random);
  return new Uint8Array(data.buffer);
}

function tokenBlocks(random: () => number, count: number, type: "q8_0" | "q8_K"): Uint8Array {
  if (type === "q8_0") return blocks(random, count, 34, [0]);
  const data = Int8Array.from({ length: count * 292 }, () => signedByte(random));
  const view = new DataView(data.buffer);
  for (let block = 0; block < count; block++) {
    const at = block * 292;
    view.setFloat32(at, random() / 100, true);
    for (let group = 0; group < 16; group++) {
      const values = data.subarray(at + 4 + group * 16, at + 20 + group * 16);
      view.setInt16(at + 260 + group * 2, sumOf(values), true);
    }
  }
  return new Uint8Array(data.buffer);
}

const even = (count: number) => Array.from({ length: count }, (_, index) => index * 2);

/** Eight rows side by side. */
const repacked = {
  q4_K: { values: 256, bytes: 1152, scalesAt: even(16), tokens: "q8_K" },
  q4_0: { values: 32, bytes: 144, scalesAt: even(8), tokens: "q8_0" },
} as const;

/** Ours of all tokens, and llama.cpp's of one after the other. */
function repackedProducts(
  type: keyof typeof repacked,
  a: Uint8Array,
  tokens: Uint8Array,
  { m, n, k, ldc }: Readonly<Record<"m" | "n" | "k" | "ldc", number>>,
): readonly [Float32Array, Float32Array] {
  const { ours, theirs } = openProducts().repacked(type);
  const columns = k * repacked[type].values;
  const [found, expected] = [new Float32Array(n * ldc).fill(-7), new Float32Array(n * ldc).fill(-7)];
  const b =
    repacked[type].tokens === "q8_K" ? interleave(tokens, k, layoutOfK) : interleave(tokens, k, layoutOf0);
  ours(columns, found, ldc, a, b, n, m);
  const bytes = tokens.length / n;
  for (let j = 0; j < n; j++)
    theirs(columns, expected.subarray(j * ldc), ldc, a, tokens.subarray(j * bytes, (j + 1) * bytes), 1, m);
  return [found, expected];
}

/** A block's parts: where they begin, their bytes, and the bytes of each that lie side by side with other tokens'. */
const layoutOfK = [
  [0, 4, 4],
  [4, 256, 8],
  [260, 32, 8],
] as const;
const layoutOf0 = [
  [0, 2, 2],
  [2, 32, 8],
] as const;

/** Four tokens side by side, as llama.cpp lays them out for repacked rows. */
function interleave(
  tokens: Uint8Array,
  k: number,
  parts: readonly (readonly [number, number, number])[],
): Uint8Array {
  const bytes = parts.reduce((sum, [, length]) => sum + length, 0);
  const result = new Uint8Array(tokens.length);
  let at = 0;
  for (let quad = 0; quad < tokens.length / bytes / k; quad += 4)
    for (let block = 0; block < k; block++)
      for (const [from, length, piece] of parts)
        for (let offset = 0; offset < length; offset += piece)
          for (let token = quad; token < quad + 4; token++) {
            const start = (token * k + block) * bytes + from + offset;
            result.set(tokens.subarray(start, start + piece), at);
            at += piece;
          }
  return result;
}

function sumOf(values: Int8Array): number {
  return values.reduce((total, value) => total + value, 0);
}
