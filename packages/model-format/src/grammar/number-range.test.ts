import fc from "fast-check";
import { expect, test } from "vitest";
import { compileGbnf } from "../testing/match-gbnf.ts";
import { gbnfSentences } from "../testing/random-sentence.ts";
import { seededRandom } from "../testing/random-weights.ts";
import { decimalRange, integerRange } from "./number-range.ts";
import { printGrammar } from "./print-grammar.ts";

const bound = fc.oneof(fc.integer({ min: -30, max: 30 }), fc.integer({ min: -200_000, max: 200_000 }));

test("an integer range takes the integers within it and no others", () => {
  fc.assert(
    fc.property(
      fc.option(bound),
      fc.option(bound),
      fc.array(bound, { minLength: 8, maxLength: 8 }),
      (low, high, others) => {
        fc.pre(low === null || high === null || low <= high);
        const matches = compileGbnf(
          printGrammar(
            new Map([
              [
                "root",
                integerRange(
                  low === null ? undefined : BigInt(low),
                  high === null ? undefined : BigInt(high),
                ),
              ],
            ]),
          ),
        );
        const edges = [low, high].flatMap((edge) => (edge === null ? [] : [edge - 1, edge, edge + 1]));
        for (const value of [...edges, ...others, 0, 9, 10, 99, 100, -9, -10]) {
          const isIn = (low === null || value >= low) && (high === null || value <= high);
          expect([value, matches(String(value))]).toEqual([value, isIn]);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("integers are written without leading zeros, plus signs or a negative zero", () => {
  const matches = compileGbnf(printGrammar(new Map([["root", integerRange(-100n, 100n)]])));
  expect(["007", "+5", "-0", "1.0", ""].map(matches)).toEqual([false, false, false, false, false]);
});

const decimal = fc
  .tuple(fc.integer({ min: -30_000, max: 30_000 }), fc.constantFrom(0, 1, 2, 3))
  .map(([digits, places]) => digits / 10 ** places);
const decimalBound = fc.option(fc.record({ value: decimal, isExclusive: fc.boolean() }));

test("a decimal range takes the decimals within it and no others, and makes none outside", () => {
  fc.assert(
    fc.property(
      decimalBound,
      decimalBound,
      fc.array(decimal, { minLength: 8, maxLength: 8 }),
      (low, high, others) => {
        fc.pre(low === null || high === null || low.value < high.value);
        fc.pre(low !== null || high !== null);
        const isIn = (value: number) =>
          (low === null || value > low.value || (value === low.value && !low.isExclusive)) &&
          (high === null || value < high.value || (value === high.value && !high.isExclusive));
        const grammar = printGrammar(new Map([["root", decimalRange(low ?? undefined, high ?? undefined)]]));
        const matches = compileGbnf(grammar);
        const edges = [low, high].flatMap((edge) =>
          edge === null ? [] : [edge.value, edge.value + 0.5, edge.value - 0.5],
        );
        for (const value of [...edges, ...others].map((number) => Number(number.toFixed(4)) + 0)) {
          expect([value, matches(String(value))]).toEqual([value, isIn(value)]);
        }
        const sentence = gbnfSentences(grammar, seededRandom(others[0] ?? 0));
        for (let count = 0; count < 10; count += 1) expect(JSON.parse(sentence())).toSatisfy(isIn);
      },
    ),
    { numRuns: 300 },
  );
});

test("bounds in scientific notation mean their decimals", () => {
  const small = decimalRange({ value: 1e-7, isExclusive: false }, { value: 2e-7, isExclusive: false });
  const matches = compileGbnf(printGrammar(new Map([["root", small]])));
  expect(["0.0000001", "0.00000015", "0.0000002", "0.0000003", "0"].map(matches)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
