import type { Message, Tool } from "@puna/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseOutput } from "../../testing/parse-output.ts";
import { functionary } from "./functionary.ts";

const tools: readonly Tool[] = ["add", "add_all"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: {} } },
}));

function read(chunks: readonly string[], lastMessage?: Message, offered = tools) {
  const { content, calls } = parseOutput(
    functionary.create({ tools: offered, ...(lastMessage && { lastMessage }) }),
    chunks,
  );
  return [content, ...calls.map((call) => [call.function.name, call.function.arguments])];
}

const added = ["add", { a: 1 }];

it.each([
  ["all\nHello.", ["Hello."]],
  ['add\n{"a": 1}', ["", added]],
  ['add_all\n{"a": 1}', ["", ["add_all", { a: 1 }]]],
  ['all\nLet me see.>>>add\n{"a": 1}', ["Let me see.", added]],
  ['add\n{"a": 1}\n>>>add\n{"a": 1}>>>all\nDone.', ["Done.", added, added]],
  ["all\n1 >>> 2", ["1 >>> 2"]],
  ["other\n{}", ["other\n{}"]],
  ["all\nx>>>add\n{oops}", ["x>>>add\n{oops}"]],
  ['add\n{"a": ', ['add\n{"a": ']],
  ["add", ["add"]],
  ["", [""]],
])("reads %j", (text, expected) => {
  expect(read([text])).toEqual(expected);
});

it("leaves out for whom the answer is, also where there are no tools", () => {
  expect(read(["all\nHello."], undefined, [])).toEqual(["Hello."]);
});

it("goes on with an answer that was begun", () => {
  expect(read(["all\nHello."], { role: "assistant", content: "So" })).toEqual(["all\nHello."]);
});

it("finds the same however the text is cut, and loses nothing", () => {
  const pieces = ["all", "add", "_all", "\n", ">>>", ">", '{"a": 1}', "{", "}", '"', " ", "text"];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 10 }), (parts) => {
      const text = parts.join("");
      const whole = read([text]);
      expect(read([...text])).toEqual(whole);
      if (whole.length === 1 && !text.includes("all\n")) expect(whole[0]).toBe(text);
    }),
    { numRuns: 500 },
  );
});
