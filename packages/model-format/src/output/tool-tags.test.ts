import type { Tool } from "@puna/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutputEvent } from "./output-parser.ts";
import { ToolTagParser } from "./tool-tags.ts";

const tools: readonly Tool[] = ["add", "add_all", "get weather", "now"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: {} } },
}));

function parse(tag: string, chunks: readonly string[]) {
  const parser = new ToolTagParser(tag, tools);
  const events = [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()];
  return {
    text: textOf(events),
    calls: events.flatMap((event) => (event.type === "tool-call" ? [event.call] : [])),
  };
}

function textOf(events: readonly OutputEvent[]): string {
  return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}

const call = (name: string, args: object, index = 0) => ({ function: { index, name, arguments: args } });

describe("a call", () => {
  const rows: readonly (readonly [fact: string, tag: string, text: string, calls: readonly object[]])[] = [
    [
      "has its arguments under `arguments`",
      "<c>",
      '<c>{"name": "add", "arguments": {"a": 1}}</c>',
      [call("add", { a: 1 })],
    ],
    [
      "has its arguments under `parameters`",
      "<c>",
      '<c>{"name": "add", "parameters": {"a": 1}}',
      [call("add", { a: 1 })],
    ],
    ["may carry them as text", "<c>", '<c>{"name":"add","arguments":"{\\"a\\":1}"}', [call("add", { a: 1 })]],
    ["may have them under the tool's own name", "<c>", '<c>{"add": {"a": 1}}', [call("add", { a: 1 })]],
    ["may be wrapped", "<c>", '<c>{"call": [{"name": "now", "arguments": {}}]}', [call("now", {})]],
    [
      "may be the name and an object",
      "<c>",
      '<c>get weather\n{"city":"Rome"}',
      [call("get weather", { city: "Rome" })],
    ],
    [
      "is the longest name that begins first",
      "<c>",
      '<c>{"name": "add_all", "arguments": {}}',
      [call("add_all", {})],
    ],
    ["may end with its name", "<c>", '<c>{"a":1} add', [call("add", { a: 1 })]],
    [
      "may be one of a list",
      "[",
      '[{"name":"now","arguments":{}}, {"name":"add","arguments":{"a":1}}]',
      [call("now", {}), call("add", { a: 1 }, 1)],
    ],
    [
      "may have brackets and quotes inside text",
      "{",
      '{"name":"add","arguments":{"a":"}\\"]{"}}',
      [call("add", { a: '}"]{' })],
    ],
    ["needs arguments that are there", "<c>", '<c>{"name": "add"}', []],
    ["needs a name that was offered", "<c>", '<c>{"name": "nope", "arguments": {}}', []],
    [
      "is not found under names every object has",
      "<c>",
      '<c>{"toString": 1} now',
      [call("now", { toString: 1 })],
    ],
  ];
  it.each(rows)("%s", (_, tag, text, calls) => {
    expect(parse(tag, [text]).calls).toEqual(calls);
  });
});

describe("text", () => {
  const rows: readonly (readonly [fact: string, tag: string, text: string, shown: string])[] = [
    ["before the tag is shown", "<c>", 'Let me see. <c>{"name":"now","arguments":{}}', "Let me see. "],
    ["that only begins like the tag is shown", "<call>", "a <cal b", "a <cal b"],
    ["after the tag is not", "<c>", "<c>nothing of use", ""],
    ["that begins with a bracket and is no call is shown", "{", '{"answer": 42} done', '{"answer": 42} done'],
    ["that begins with a bracket and never closes is shown at the end", "{", '{"answer": ', '{"answer": '],
    [
      "behind a call is shown when it is an object that calls nothing",
      "{",
      '{"name":"now","arguments":{}}; {"name":"nope","arguments":{}} done',
      '}; {"name":"nope","arguments":{}} done',
    ],
    [
      "with a bracket further on is shown once",
      "{",
      'Sure {"name":"now","arguments":{}}',
      'Sure {"name":"now","arguments":{}}',
    ],
  ];
  it.each(rows)("%s", (_, tag, text, shown) => {
    expect(parse(tag, [text]).text).toBe(shown);
    expect(parse(tag, [...text]).text).toBe(shown);
  });
});

it("finds the same however the text is cut", () => {
  const piece = fc.constantFrom(
    "<c>",
    "<",
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    "add",
    "_all",
    "now",
    "get ",
    "weather",
    " ",
    "\n",
    "é😀",
    '{"a":1}',
    '{"name":"add","arguments":{"a":"}"}}',
    '{"name":"now","arguments":{}}',
    "</c>",
    "text",
  );
  const input = fc.tuple(fc.constantFrom("<c>", "{", "["), fc.array(piece, { maxLength: 10 }));
  fc.assert(
    fc.property(input, fc.array(fc.nat({ max: 60 }), { maxLength: 6 }), ([tag, pieces], cuts) => {
      const text = pieces.join("");
      const whole = parse(tag, [text]);
      const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      expect(
        parse(
          tag,
          places.map((from, index) => text.slice(from, places[index + 1])),
        ),
      ).toEqual(whole);
      expect(parse(tag, text.split(""))).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

it("takes time in proportion to the text", () => {
  const time = (length: number) => {
    const text = `<c>{"name":"add","arguments":{"a":"${"x".repeat(length)}"}}`;
    // Of this process alone, and the best of some: others may need the machine too.
    const times = Array.from({ length: 3 }, () => {
      const started = process.cpuUsage();
      expect(parse("<c>", text.split("")).calls).toHaveLength(1);
      return process.cpuUsage(started).user / 1000;
    });
    return Math.min(...times);
  };
  time(2_000);
  // Quadratic work would take 400 times as long.
  expect(time(200_000)).toBeLessThan(100 * Math.max(10, time(10_000)));
});
