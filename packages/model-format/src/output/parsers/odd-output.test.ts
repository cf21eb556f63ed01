import type { Tool } from "@puna/protocol";
import { describe, expect, it } from "vitest";
import { OutputError } from "../../errors.ts";
import { type ParsedOutput, parseOutput } from "../../testing/parse-output.ts";
import type { OutputParserOptions } from "../output-parser.ts";
import { outputParserFamily } from "../parser-registry.ts";

const tools: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "find",
      parameters: {
        type: "object",
        required: ["where"],
        properties: { where: { type: "string" }, limit: { type: "integer" } },
      },
    },
  },
  { type: "function", function: { name: "read", parameters: { type: "object", properties: {} } } },
];

function read(family: string, text: string, options: OutputParserOptions = { tools }): ParsedOutput {
  return parseOutput(outputParserFamily(family)?.create(options) ?? expect.fail(), [text]);
}

function only(name: string, values: Record<string, unknown>): ParsedOutput {
  return { content: "", thinking: "", calls: [{ function: { index: 0, name, arguments: values } }] };
}

describe("what models get wrong", () => {
  it.each([
    ["a key without its opening tag", "find where</arg_key><arg_value>a b</arg_value>"],
    ["a value without its opening tag", "find<arg_key>where</arg_key>a b</arg_value>"],
    ["a key that is never closed", "find<arg_key>where<arg_value>a b</arg_value>"],
    ["a value that is never closed", "find<arg_key>where</arg_key><arg_value>a b"],
  ])("GLM: repairs %s", (_, body) => {
    expect(read("glm-ocr", `<tool_call>${body}</tool_call>`)).toEqual(only("find", { where: "a b" }));
  });

  it("GLM: refuses half a call at the end, whose repair might do harm", () => {
    const text = "<tool_call>find<arg_key>limit</arg_key><arg_value>1</arg_value>";
    expect(read("glm-ocr", text).error).toBe(
      'incomplete GLM tool call: required argument "where" is missing for tool "find"',
    );
  });

  it.each([
    ["single quotes", "call:find{where:'a, b'}", { where: "a, b" }],
    ["a string mark that is missing", 'call:find{where:<|"|>a, b}', { where: "a, b" }],
    [
      "bare text for a parameter of strings",
      "call:find{where:on the hill,limit:2}",
      { where: "on the hill", limit: 2 },
    ],
    [
      "bare text and a missing brace",
      "call:find{limit:2,where:on the hill",
      { limit: 2, where: "on the hill" },
    ],
  ])("Gemma 4: repairs %s", (_, call, values) => {
    expect(read("gemma4", `<|tool_call>${call}<tool_call|>`)).toEqual(only("find", values));
  });

  it("Gemma 4: drops tags that follow a call", () => {
    const text = "<|tool_call>call:read{}<tool_call|><tool_call|>\n<|tool_response>";
    expect(read("gemma4", text)).toEqual(only("read", {}));
  });

  it("Qwen3: takes a thinking tag that the prompt already had", () => {
    expect(read("qwen3-thinking", " <think>\nhm\n</think>\nx")).toEqual({
      content: "x",
      thinking: "hm",
      calls: [],
    });
  });

  it("Qwen3-Coder: keeps markup, line ends and blanks of values", () => {
    const text =
      "<tool_call><function=find><parameter=where>\n <b>&amp;\r\n</b> \n</parameter></function></tool_call>";
    expect(read("qwen3-coder", text)).toEqual(only("find", { where: " <b>&amp;\n</b> " }));
  });

  it("keeps keys that objects are born with", () => {
    const text = "<tool_call><function=find><parameter=__proto__>1</parameter></function></tool_call>";
    const [call] = read("qwen3-coder", text).calls;
    expect(Object.entries(call?.function.arguments ?? {})).toEqual([["__proto__", "1"]]);
  });

  it("Qwen3.5: a call inside thinking ends the thinking", () => {
    const text = "hm\n<tool_call><function=read></function></tool_call>";
    expect(read("qwen3.5", text)).toEqual({ ...only("read", {}), thinking: "hm" });
  });

  it.each([
    ["qwen3.5", 2],
    ["ornith", 2],
    ["nemotron-3-nano", 3],
  ])("%s: counts the lines of a call inside thinking from line %i", (family, line) => {
    const text = "hm\n<tool_call>\n<function=read>\n</parameter></function></tool_call>";
    expect(read(family, text).error).toBe(
      `XML syntax error on line ${line}: element <function> closed by </parameter>`,
    );
  });

  it("Qwen3-Coder: refuses another element at its opening tag, whatever follows", () => {
    const text = "<tool_call><parameter=where></function></tool_call>";
    expect(read("qwen3-coder", text).error).toBe("expected element type <function> but have <parameter>");
  });

  it("DeepSeek: leaves out a call it cannot read, keeps the others", () => {
    const call = (json: string) => `<｜tool▁call▁begin｜>read<｜tool▁sep｜>${json}<｜tool▁call▁end｜>`;
    const text = `<｜tool▁calls▁begin｜>${call("{oops")}${call("{}")}<｜tool▁calls▁end｜>`;
    expect(read("deepseek3", text)).toEqual(only("read", {}));
  });

  it("Cohere: reads the calls of a list that is no JSON as a whole", () => {
    const text = '<|START_ACTION|>[{"tool_name": "read"} {"tool_name": oops}]<|END_ACTION|>';
    expect(read("cohere", text, { tools, think: false })).toEqual(only("read", {}));
  });

  it("Cohere: skips a call whose fields have other types, and reads the others", () => {
    const call = (id: unknown) => ({ tool_call_id: id, tool_name: "read", parameters: {} });
    const text = `<|START_ACTION|>${JSON.stringify([call(0), call("1")])}<|END_ACTION|>`;
    expect(read("cohere", text, { tools, think: false }).calls).toEqual([
      { id: "1", function: { index: 0, name: "read", arguments: {} } },
    ]);
  });

  it.each([
    ["functiongemma", "<start_function_call>find{}<end_function_call>"],
    ["functiongemma", "<start_function_call>call:find{where:<escape>two\nlines<escape>}<end_function_call>"],
    ["cohere", '<|START_TEXT|><|END_TEXT|><|START_ACTION|>[{"parameters": {}}]<|END_ACTION|>'],
    ["laguna", "<tool_call>\n</tool_call>"],
    ["qwen3-vl-instruct", '<tool_call>{"arguments": {}}</tool_call>'],
  ])("%s: tells the client of a call that names no tool: %s", (family, text) => {
    expect(read(family, text, { tools, think: false })).toEqual(only("", {}));
  });

  it("FunctionGemma: reads numbers with blanks around them, and lets round brackets be text", () => {
    const text = "<start_function_call>call:find{limit: 2,where:(,list:[1, 2,,3],none:[]}<end_function_call>";
    expect(read("functiongemma", text)).toEqual(
      only("find", { limit: 2, where: "(", list: [1, 2, 3], none: null }),
    );
  });

  it("Cohere: takes no bracket inside of a text for the beginning of a call", () => {
    const text = '<|START_ACTION|>["{" {"tool_name": "read"}]<|END_ACTION|>';
    expect(read("cohere", text, { tools, think: false })).toEqual(only("read", {}));
  });

  it("LFM2: reads a call without its tags, of a declared tool only", () => {
    expect(read("lfm2", "[find(where='a, (b)', limit=2)]")).toEqual(
      only("find", { where: "a, (b)", limit: 2 }),
    );
    expect(read("lfm2", "remove(where='a')").content).toBe("remove(where='a')");
    expect(read("lfm2", "read the manual").content).toBe("read the manual");
  });

  it.each([
    ["a comma is missing", "find(where='a' limit=2)", { where: "a", limit: 2 }],
    ["a list has words without quotes", "find(where=[a, b])", { where: "[a, b]" }],
    [
      "lists and dictionaries are Python's",
      `find(where=['it"s', True], limit={"k": None})`,
      { where: ['it"s', true], limit: { k: null } },
    ],
    ["digits are in groups", "find(limit=1_000)", { limit: 1000 }],
  ])("LFM2: reads arguments where %s", (_, call, values) => {
    expect(read("lfm2", `<|tool_call_start|>[${call}]<|tool_call_end|>`)).toEqual(only("find", values));
  });

  it.each([["find(where=)"], ["find('a')"], ['find(where="a" b)']])("LFM2: takes no call from %s", (call) => {
    expect(read("lfm2", `<|tool_call_start|>[${call}]<|tool_call_end|>`).calls).toEqual([]);
  });

  it("Olmo 3: reads quotes that are not escaped, and nothing of a list", () => {
    const text = `<function_calls>find(where="say "hi"", limit=[1, , 2])</function_calls>`;
    expect(read("olmo3", text)).toEqual(only("find", { where: 'say "hi"', limit: [1, "", 2] }));
  });

  it("Olmo 3: makes no call of two whose brackets do not match", () => {
    const text = "<function_calls>find(where='a'\nread()</function_calls>";
    expect(read("olmo3", text).calls).toEqual([]);
  });

  it("Olmo 3: reads texts over several lines", () => {
    const text = "<function_calls>find(where='a\nb')\nread()</function_calls>\nDone.";
    expect(read("olmo3", text)).toEqual({
      content: "\nDone.",
      thinking: "",
      calls: [
        { function: { index: 0, name: "find", arguments: { where: "a\nb" } } },
        { function: { index: 1, name: "read", arguments: {} } },
      ],
    });
  });

  it("Laguna: takes bare JSON, <user> and the names it was trained with", () => {
    expect(read("laguna", '{"name": "find", "arguments": {"where": "x"}}')).toEqual(
      only("find", { where: "x" }),
    );
    expect(read("laguna", "<user>read_file</user>")).toEqual(only("read", {}));
    const prose = 'Write {"name": "Bob"} or <user>Bob</user>.';
    expect(read("laguna", prose).content).toBe(prose);
  });

  it("Glimmer: reads a call that was addressed to the user", () => {
    const text =
      ' to=user<|message|><atem:function_calls><atem:invoke name="find<|message|>"><atem:parameter name="where">x</atem:parameter></atem:invoke></atem:function_calls><|eom|>';
    expect(read("glimmer", text)).toEqual(only("find", { where: "x" }));
  });

  it("Ministral: names the tool that nobody declared", () => {
    expect(read("ministral", "[TOOL_CALLS]rm[ARGS]{}").error).toBe("tool 'rm' not found");
  });

  it("Harmony: takes a recipient beside the channel only, not from words further on", () => {
    const answer = (header: string) => read("harmony", `<|channel|>commentary ${header}<|message|>{}`);
    expect(answer("to=functions.read")).toEqual(only("read", {}));
    expect(answer("commentary to=functions.read")).toEqual({ content: "{}", thinking: "", calls: [] });
  });

  it("Harmony: says what it could not read", () => {
    const text = "<|channel|>commentary to=functions.find<|message|>{oops";
    expect(read("harmony", text).error).toBe(
      "error parsing tool call: raw='{oops', err=invalid character 'o' looking for beginning of object key string",
    );
  });
});

describe("text that breaks the format", () => {
  const text = "Fine so far. <tool_call>{oops}</tool_call> more";

  it("gives out what came before, then fails at the next call and stays failed", () => {
    const parser = outputParserFamily("qwen3")?.create({ tools }) ?? expect.fail();
    expect(parser.push(text)).toEqual([{ type: "text-delta", text: "Fine so far." }]);
    expect(() => parser.push("x")).toThrow(OutputError);
    expect(() => parser.end()).toThrow("failed to parse JSON");
  });

  it("fails at once where nothing came before", () => {
    const parser = outputParserFamily("qwen3")?.create({ tools }) ?? expect.fail();
    expect(() => parser.push("<tool_call>{oops}</tool_call>")).toThrow(OutputError);
  });
});

describe("text that breaks the format of a family that is to take it for an answer", () => {
  const harmony = " to=functions.find<|channel|>commentary<|message|>{oops";
  const glimmer = " to=find<|message|><atem:function_calls>oops";
  it.each([
    ["harmony", harmony, harmony],
    ["harmony", `<|channel|>analysis<|message|>hm<|end|><|start|>assistant${harmony}`, harmony],
    ["glimmer", glimmer, glimmer],
    ["glimmer", ` to=self<|message|>hm<|eom|><|start|>assistant${glimmer}`, glimmer],
    ["qwen3-coder", "Well. <tool_call>oops</tool_call> more", "Well. <tool_call>oops</tool_call> more"],
    ["glm-ocr", "Well. <tool_call></tool_call> more", "Well. <tool_call></tool_call> more"],
    ["glm-ocr", "Well. <tool_call>find", "Well. <tool_call>find"],
  ])("%s: %j", (family, text, shown) => {
    const read = (chunks: readonly string[]) =>
      parseOutput(outputParserFamily(family)?.create({ tools, failsAsText: true }) ?? expect.fail(), chunks);
    const whole = read([text]);
    expect(whole.error).toBeUndefined();
    expect(whole.content).toContain(shown);
    expect(read([...text])).toEqual(whole);
  });
});
