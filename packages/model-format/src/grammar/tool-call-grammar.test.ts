import type { Tool } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { compileGbnf } from "../testing/match-gbnf.ts";
import { choiceGrammar } from "./choice-grammar.ts";
import { type ToolChoice, toolCallGrammar } from "./tool-call-grammar.ts";
import { type ToolCallStyle, toolCallStyles } from "./tool-call-style.ts";

const weather: Tool = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer" },
        unit: { type: "string", enum: ["C", "F"] },
      },
      required: ["city"],
    },
  },
};
const now: Tool = {
  type: "function",
  function: { name: "now", parameters: { type: "object", properties: null } },
};

function matcher(toolChoice: ToolChoice, style: ToolCallStyle, tools: readonly Tool[] = [weather, now]) {
  const made = toolCallGrammar(tools, toolChoice, style);
  if (made === undefined) throw new Error("a grammar was expected");
  return { matches: compileGbnf(made.grammar), trigger: made.trigger };
}

test("hermes calls name a tool and satisfy its schema", () => {
  const { matches, trigger } = matcher("required", toolCallStyles.hermes);
  const call = (json: string) => `<tool_call>\n${json}\n</tool_call>`;
  expect(trigger).toBeUndefined();
  expect(matches(call('{"name": "get_weather", "arguments": {"city": "Oslo", "days": 3}}'))).toBe(true);
  expect(matches(call('{"name": "now", "arguments": {}}'))).toBe(true);
  expect(matches(`${call('{"name":"now","arguments":{}}')}\n${call('{"name":"now","arguments":{}}')}`)).toBe(
    true,
  );
  expect(matches(call('{"name": "get_weather", "arguments": {}}'))).toBe(false);
  expect(matches(call('{"name": "get_weather", "arguments": {"city": "Oslo", "unit": "K"}}'))).toBe(false);
  expect(matches(call('{"name": "other", "arguments": {}}'))).toBe(false);
  expect(matches("Some text")).toBe(false);
});

test("a named choice allows that tool alone, once", () => {
  const { matches } = matcher({ name: "now" }, toolCallStyles.mistral);
  expect(matches("[TOOL_CALLS]now[ARGS]{}")).toBe(true);
  expect(matches("[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]now[ARGS]{}")).toBe(false);
  expect(matches('[TOOL_CALLS]get_weather[ARGS]{"city":"x"}')).toBe(false);
});

test("tagged arguments hold texts as they are and other values as JSON", () => {
  const { matches } = matcher("required", toolCallStyles.qwenCoder);
  const call = (inner: string) => `<tool_call>\n<function=get_weather>\n${inner}</function>\n</tool_call>`;
  const city = '<parameter=city>\nSão "P"\n<b>x</b>\n</parameter>\n';
  expect(matches(call(`${city}<parameter=days>\n3\n</parameter>\n<parameter=unit>\nF\n</parameter>\n`))).toBe(
    true,
  );
  expect(matches(call(city))).toBe(true);
  expect(matches(call("<parameter=days>\n3\n</parameter>\n"))).toBe(false);
  expect(matches(call(`${city}<parameter=days>\nthree\n</parameter>\n`))).toBe(false);
  expect(matches(call("<parameter=city>\na</parameter>b\n</parameter>\n"))).toBe(false);
});

test.each([
  ["hermes", toolCallStyles.hermes, "<tool_call>"],
  ["llama", toolCallStyles.llama, "{"],
] as const)("with auto, %s calls hold from their trigger on", (_, style, trigger) => {
  expect(matcher("auto", style).trigger).toBe(trigger);
});

describe("no grammar", () => {
  test.each([
    ["none", [weather]],
    ["auto", []],
    ["required", []],
  ] as const)("for %s with %j", (toolChoice, tools) => {
    expect(toolCallGrammar(tools, toolChoice, toolCallStyles.hermes)).toBeUndefined();
  });
});

test("a tool that is not offered is refused", () => {
  expect(() => toolCallGrammar([weather], { name: "gone" }, toolCallStyles.hermes)).toThrow(
    expect.objectContaining({ code: "SCHEMA_INVALID" }),
  );
});

test("what a tool's schema asks beyond grammars is noted", () => {
  const list: Tool = {
    type: "function",
    function: {
      name: "list",
      // Tools are read leniently: schemas may hold more than our type names.
      parameters: { type: "object", properties: { ids: { type: "array", uniqueItems: true } as object } },
    },
  };
  expect(toolCallGrammar([list], "required", toolCallStyles.hermes)?.notes).toEqual([
    expect.stringContaining("uniqueItems at #/properties/ids"),
  ]);
});

test("a choice takes its texts and nothing else", () => {
  const matches = compileGbnf(choiceGrammar(["yes", "no", 'a "quoted\\" one\n', "ü"]));
  expect(["yes", "no", 'a "quoted\\" one\n', "ü", "y", "yesno", ""].map(matches)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test.each([[[]], [["a", ""]], [["a", "a"]], [["\ud800"]]])("a choice of %j is refused", (texts) => {
  expect(() => choiceGrammar(texts)).toThrow(expect.objectContaining({ code: "SCHEMA_INVALID" }));
});
