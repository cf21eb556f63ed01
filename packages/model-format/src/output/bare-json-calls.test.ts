import type { Tool } from "@puna/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseOutput } from "../testing/parse-output.ts";
import { bareJsonCalls } from "./bare-json-calls.ts";

const tools: readonly Tool[] = ["add", "now"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: {} } },
}));

function read(...chunks: readonly string[]) {
  const { content, calls } = parseOutput(bareJsonCalls(tools), chunks);
  return [content, ...calls.map((call) => [call.function.name, call.function.arguments])];
}

const call = '{"name": "add", "parameters": {"a": 1}}';
const added = ["add", { a: 1 }];

it.each([
  [call, ["", added]],
  [`Let me see. ${call}`, ["Let me see. ", added]],
  [`A {x} B\n${call}; ${call}\nC`, ["A {x} B\nC", added, added]],
  ['{"type": "function", "function": {"name": "now", "arguments": {}}}', ["", ["now", {}]]],
  ['{"name": "Bob", "age": 4}', ['{"name": "Bob", "age": 4}']],
  ['{"name": "add", "parameters": {"a": ', ['{"name": "add", "parameters": {"a": ']],
  ['{"name": "add"} and {', ['{"name": "add"} and {']],
  ["", [""]],
])("reads %j", (text, expected) => {
  expect(read(text)).toEqual(expected);
});

it("gives out other JSON at once", () => {
  expect(bareJsonCalls(tools).push('Here: {"answer": [')).toEqual([
    { type: "text-delta", text: 'Here: {"answer": [' },
  ]);
});

it("finds the same however the text is cut, and loses nothing", () => {
  const pieces = [
    call,
    '{"name": "add"',
    '"parameters"',
    ":",
    "{",
    "}",
    "[",
    '"',
    "add",
    "\\",
    " ",
    "\n",
    ";",
    ",",
    "text",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 10 }), (parts) => {
      const text = parts.join("");
      const whole = read(text);
      expect(read(...text)).toEqual(whole);
      if (whole.length === 1) expect(whole[0]).toBe(text);
    }),
    { numRuns: 500 },
  );
});
