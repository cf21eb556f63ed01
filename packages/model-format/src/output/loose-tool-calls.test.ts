import type { Tool } from "@puna/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ParsedOutput, parseOutput } from "../testing/parse-output.ts";
import { type LooseToolCallOptions, looseToolCalls } from "./loose-tool-calls.ts";

const tools: readonly Tool[] = [
  tool("weather", { city: { type: "string" }, days: { type: "integer" } }),
  tool("add", { a: { type: "integer" }, b: { type: "integer" } }),
  tool("now", {}),
];

function tool(name: string, properties: NonNullable<Tool["function"]["parameters"]["properties"]>): Tool {
  return { type: "function", function: { name, parameters: { type: "object", properties } } };
}

function read(text: string, options: Partial<LooseToolCallOptions> = {}): ParsedOutput {
  const all = { tools, ...options };
  const whole = parseOutput(looseToolCalls(all), [text]);
  expect(parseOutput(looseToolCalls(all), text.split(""))).toEqual(whole);
  return whole;
}

function calls(...list: readonly (readonly [string, Record<string, unknown>])[]) {
  return list.map(([name, values], index) => ({ function: { index, name, arguments: values } }));
}

const sum = calls(["add", { a: 1, b: 2 }]);

describe("calls that are found", () => {
  it.each([
    ["Qwen's tag", '<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>'],
    ["a missing closing tag", '<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}}'],
    [
      "a bracket missing before the closing tag",
      '<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}</tool_call>',
    ],
    ["a bracket missing at the end", '{"name": "add", "arguments": {"a": 1, "b": 2}'],
    [
      "arguments written as a string",
      '<tool_call>{"name":"add","arguments":"{\\"a\\":1,\\"b\\":2}"}</tool_call>',
    ],
    [
      "a fence inside the tag",
      '<tool_call>\n```json\n{"name":"add","arguments":{"a":1,"b":2}}\n```\n</tool_call>',
    ],
    ["Llama's bare object", '{"name": "add", "parameters": {"a": 1, "b": 2}}'],
    ["Llama's python tag", '<|python_tag|>{"name": "add", "parameters": {"a": 1, "b": 2}}'],
    ["Llama's function tag", '<function=add>{"a": 1, "b": 2}</function>'],
    ["Mistral's list", '[TOOL_CALLS] [{"name": "add", "arguments": {"a": 1, "b": 2}}]'],
    ["Mistral's name and arguments", '[TOOL_CALLS]add[ARGS]{"a": 1, "b": 2}'],
    ["Mistral's call id", '[TOOL_CALLS]add[CALL_ID]abc123XYZ[ARGS]{"a": 1, "b": 2}'],
    ["a fence", '```json\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n```'],
    ["a fence that is never closed", '```\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n'],
    [
      "the form of OpenAI's API",
      '{"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": 2}}}',
    ],
    [
      "Qwen3-Coder's markup, its values typed by the schema",
      "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\n2\n</parameter>\n</function>\n</tool_call>",
    ],
  ])("reads %s", (_, text) => {
    expect(read(text)).toEqual({ content: "", thinking: "", calls: sum });
  });

  it("keeps the text around calls and drops only the blanks next to them", () => {
    const text = 'Sure.\n\n<tool_call>{"name":"now","arguments":{}}</tool_call>\n\nDone.';
    expect(read(text)).toEqual({ content: "Sure.Done.", thinking: "", calls: calls(["now", {}]) });
  });

  it.each([
    '<tool_call>{"name":"now","arguments":{}}</tool_call>\n<tool_call>{"name":"add","arguments":{"a":1}}</tool_call>',
    '<tool_call>{"name":"now","arguments":{}}\n{"name":"add","arguments":{"a":1}}</tool_call>',
    '[{"name":"now","arguments":{}}, {"name":"add","arguments":{"a":1}}]',
    '{"name":"now","parameters":{}}; {"name":"add","parameters":{"a":1}}',
    '```json\n[{"name":"now","arguments":{}},\n{"name":"add","arguments":{"a":1}}]\n```',
    '```json\n{"name":"now","arguments":{}}\n{"name":"add","arguments":{"a":1}}\n```',
  ])("reads several calls: %j", (text) => {
    expect(read(text)).toEqual({ content: "", thinking: "", calls: calls(["now", {}], ["add", { a: 1 }]) });
  });

  it("lets a tagged call leave its arguments out", () => {
    expect(read('<tool_call>{"name": "now"}</tool_call>').calls).toEqual(calls(["now", {}]));
  });
});

describe("text that is released unchanged", () => {
  it.each([
    ["calls of undeclared tools", '<tool_call>{"name": "rm", "arguments": {}}</tool_call>'],
    ["JSON in the middle of a line", 'It is {"name": "add", "arguments": {}} in JSON.'],
    ["an answer in JSON", '{"users": [{"name": "add", "arguments": {}}], "total": 1}'],
    ["an object without arguments", '{"name": "add"}'],
    ["the schema of a tool", '{"name": "add", "description": "Adds", "parameters": {"type": "object"}}'],
    ["code in another language", '```js\n{"name": "add", "arguments": {}}\n```\nThat was code.'],
    ["a fence of other JSON", '```json\n{"a": 1}\n```\nThat was JSON.'],
    ["arguments that break off", '<tool_call>{"name": "add", "arguments": {"a": {"x": 1}'],
    ["arguments that break off in a text", '{"name": "weather", "arguments": {"city": "Par'],
    ["broken JSON", '{"name": "add", "arguments": {a: 1}}\nsorry'],
    ["a tag that is talked about", "Write <tool_call> before and </tool_call> after it.\n"],
    ["half a tag at the end", "a < b and <tool_"],
    ["links and lists", "[docs](https://example.org)\n[x] done\n[TOOL box]\n"],
    ["blanks", " \n\n leading and trailing \n "],
    ["a list with something else in it", '[{"name": "add", "arguments": {"a": 1}}, 5]'],
    ["braces of code", "```\nfunction f() {\n  {\n  }\n}\n```"],
  ])("releases %s", (_, text) => {
    expect(read(text)).toEqual({ content: text, thinking: "", calls: [] });
  });

  it("finds no call when no tools were offered", () => {
    const text = '<tool_call>{"name": "add", "arguments": {}}</tool_call>';
    expect(read(text, { tools: [] }).content).toBe(text);
  });
});

describe("thinking", () => {
  const thinking = { opening: "<think>", closing: "</think>" };

  it("parts thinking, answer and calls", () => {
    const text = '<think>\nhm\n</think>\n\nOk.\n{"name":"now","arguments":{}}';
    expect(read(text, { thinking })).toEqual({ content: "Ok.", thinking: "hm", calls: calls(["now", {}]) });
  });

  it("begins inside where the prompt left it open", () => {
    expect(read("hm</think>x", { thinking, startsInside: true })).toEqual({
      content: "x",
      thinking: "hm",
      calls: [],
    });
  });

  it("ends with a call that the model forgot to close its thinking for", () => {
    const text = '<think>hm\n<tool_call>{"name":"now","arguments":{}}</tool_call> ok';
    expect(read(text, { thinking })).toEqual({ content: "ok", thinking: "hm", calls: calls(["now", {}]) });
  });

  it("goes on after a tag that is only thought about", () => {
    const text = "<think>use <tool_call> here</think>x";
    expect(read(text, { thinking })).toEqual({ content: "x", thinking: "use <tool_call> here", calls: [] });
  });
});

it("holds an answer in JSON back no longer than its first key", () => {
  const parser = looseToolCalls({ tools });
  expect(parser.push('{"ti')).toEqual([{ type: "text-delta", text: '{"ti' }]);
});

it("finds the same however the text is cut, and loses nothing but blanks around calls", () => {
  const pieces = fc.constantFrom(
    ...[
      "<tool_call>",
      "</tool_call>",
      "[TOOL_CALLS]",
      "<|python_tag|>",
      "<function=",
      "</function>",
      "```",
      "```json\n",
    ],
    ...[
      '{"name":"add","arguments":{"a":1}}',
      '{"name":"rm","arguments":{}}',
      '{"name":"now","parameters":{}',
      "}",
      "]",
      "[",
    ],
    ...[
      "add",
      "now",
      ">",
      "[ARGS]",
      "{}",
      "{",
      '"',
      ",",
      ";",
      "\n",
      " ",
      "\r\n",
      "text",
      "é",
      "👋",
      "<",
      "[",
      "<think>",
      "</think>",
    ],
    ...["<parameter=a>1</parameter>", '{"users":[', '"name"', '"arguments":', "json"],
  );
  const texts = fc.array(pieces, { maxLength: 12 }).map((list) => list.join(""));
  fc.assert(
    fc.property(texts, fc.array(fc.nat(80), { maxLength: 6 }), fc.boolean(), (text, cuts, thinks) => {
      const options = { tools, ...(thinks ? { thinking: { opening: "<think>", closing: "</think>" } } : {}) };
      const whole = parseOutput(looseToolCalls(options), [text]);
      const at = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
      expect(parseOutput(looseToolCalls(options), chunks)).toEqual(whole);
      expect(parseOutput(looseToolCalls(options), text.split(""))).toEqual(whole);
      if (whole.calls.length === 0 && !thinks) expect(whole.content).toBe(text);
    }),
    { numRuns: 3000 },
  );
});
