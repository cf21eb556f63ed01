import { describe, expect, test } from "vitest";
import { compileGbnf } from "../testing/match-gbnf.ts";
import { gbnfSentences } from "../testing/random-sentence.ts";
import { seededRandom } from "../testing/random-weights.ts";
import { automatonMatches, automatonOf, complement, intersect, subtract, union } from "./automaton.ts";
import { printGrammar } from "./print-grammar.ts";
import { regexExpression } from "./regex-expression.ts";
import { regexToGbnf } from "./regex-to-gbnf.ts";

const patterns = [
  "a*",
  "^a+$",
  "a|b$",
  "^(foo|bar)\\d{2,4}$",
  "[^a-z]",
  "x.*y",
  "^$",
  "",
  "^(?:(a|)*b)+$",
  "\\w+@\\w+\\.com",
  "^\\p{Lu}",
  "^[\\]\\-x^]+$",
  "^(?<year>\\d{4})-[01]\\d$",
  "(^a|b)c$",
  "^a{0}b{2}c{1,}$",
  "\\u00e9|\\x41|\\u{1F600}",
  "^\\S+\\s\\D?$",
  "^([a-c]?x?){3}$",
  "\\/\\.",
  "a+?b*?",
];
const texts = [
  "",
  "a",
  "aa",
  "b",
  "ba",
  "ab",
  "ac",
  "bc",
  "abc",
  "foo12",
  "bar12345",
  "xy",
  "x y z",
  "x\ny",
  "ABC",
  "me@x.com",
  "aab",
  "abab",
  "Ä",
  "é",
  "😀",
  "]-^x",
  "2024-12",
  "bbcc",
  "bb",
  "word 1",
  "word x",
  "axbx",
  '/"',
  "\t",
  "\u2028",
];

test.each(patterns)("%j matches what RegExp matches, as grammar and as automaton", (pattern) => {
  const expression = regexExpression(pattern);
  const grammar = printGrammar(new Map([["root", expression]]));
  const [matches, automaton, regExp] = [
    compileGbnf(grammar),
    automatonOf(expression),
    new RegExp(pattern, "u"),
  ];
  const inverse = complement(automaton);
  for (const text of texts) {
    const wanted = regExp.test(text);
    expect([text, matches(text)]).toEqual([text, wanted]);
    expect([text, automatonMatches(automaton, text)]).toEqual([text, wanted]);
    expect([text, automatonMatches(inverse, text)]).toEqual([text, !wanted]);
  }
});

test.each(patterns)("every sentence of %j matches it", (pattern) => {
  const sentence = gbnfSentences(
    printGrammar(new Map([["root", regexExpression(pattern)]])),
    seededRandom(5),
  );
  for (let count = 0; count < 50; count += 1) expect(sentence()).toMatch(new RegExp(pattern, "u"));
});

test("automata combine as sets do", () => {
  const [one, other] = ["a", "^.{0,3}$"].map((pattern) => automatonOf(regexExpression(pattern)));
  if (one === undefined || other === undefined) throw new Error("two were made");
  for (const text of texts) {
    const [inOne, inOther] = [/a/u.test(text), /^.{0,3}$/u.test(text)];
    expect(automatonMatches(intersect(one, other), text)).toBe(inOne && inOther);
    expect(automatonMatches(union(one, other), text)).toBe(inOne || inOther);
    expect(automatonMatches(subtract(one, other), text)).toBe(inOne && !inOther);
  }
});

test("as a constraint a pattern must match the whole text", () => {
  const matches = compileGbnf(regexToGbnf("[a-z]+|\\d"));
  expect(["abc", "7", "abc7", " abc"].map(matches)).toEqual([true, true, false, false]);
});

describe("what cannot be had", () => {
  test.each(["(?=a)b", "(?!a)", "(?<=a)b", "(a)\\1", "\\bword", "\\k<name>"])(
    "%s is refused as unsupported",
    (pattern) => {
      expect(() => regexToGbnf(pattern)).toThrow(expect.objectContaining({ code: "PATTERN_UNSUPPORTED" }));
    },
  );

  test.each(["(", ")", "[", "a{2,1}", "*a", "\\", "\\q", "[b-a]", "\\u{110000}", "a{", "\\p{Nope}", "(?<n"])(
    "%s is refused as invalid",
    (pattern) => {
      expect(() => regexToGbnf(pattern)).toThrow(expect.objectContaining({ code: "PATTERN_INVALID" }));
    },
  );

  test("deep nesting and exploding automata meet a limit, not the stack", () => {
    expect(() => regexToGbnf("(".repeat(5000))).toThrow(expect.objectContaining({ code: "GRAMMAR_LIMIT" }));
    const exploding = regexExpression("^(a|b)*a(a|b){14}$");
    expect(() => automatonOf(exploding)).toThrow(expect.objectContaining({ code: "GRAMMAR_LIMIT" }));
  });

  test("an anchor in the middle is refused", () => {
    expect(() => regexToGbnf("a$b")).toThrow(expect.objectContaining({ code: "PATTERN_UNSUPPORTED" }));
  });
});

test("long repetitions stay within what llama.cpp counts", () => {
  const grammar = printGrammar(new Map([["root", regexExpression("^(?:[a-z]{1,3}-){5,4500}$")]]));
  for (const [, min, max] of grammar.matchAll(/\{(\d+)(?:,(\d+))?\}/g)) {
    expect(Math.max(Number(min), Number(max ?? 0))).toBeLessThanOrEqual(1000);
  }
  const matches = compileGbnf(grammar);
  expect([4, 5, 1200].map((count) => matches("ab-".repeat(count)))).toEqual([false, true, true]);
});
