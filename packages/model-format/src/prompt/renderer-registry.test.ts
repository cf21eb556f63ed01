import type { Message, Tool } from "@puna/protocol";
import { expect, test } from "vitest";
import { PromptError } from "../errors.ts";
import type { Conversation } from "./renderer.ts";
import { rendererFor, rendererNames } from "./renderer-registry.ts";

const now = () => new Date(2026, 2, 4, 23, 59);

function render(name: string, conversation: Conversation): string {
  return rendererFor(name, { now }).render(conversation);
}

function user(content: string, images = 0): Message {
  return { role: "user", content, ...(images > 0 ? { images: Array<string>(images).fill("aGk=") } : {}) };
}

function calling(name: string, callArguments: Record<string, unknown>, id?: string): Message {
  const call = { function: { name, arguments: callArguments }, ...(id ? { id } : {}) };
  return { role: "assistant", content: "", tool_calls: [call] };
}

function tool(name: string, properties: Tool["function"]["parameters"]["properties"]): Tool {
  return { type: "function", function: { name, parameters: { type: "object", properties } } };
}

test.each(rendererNames)("%s starts with its begin-of-sequence text, if it has one in the prompt", (name) => {
  const { leadingBos } = rendererFor(name);
  const prompt = render(name, { messages: [user("hello")] });
  expect(prompt).toContain("hello");
  // Cohere's tokenizer adds the token, its template does not write it.
  if (name !== "cohere") expect(prompt.startsWith(leadingBos)).toBe(true);
});

test.each(rendererNames)("%s renders the same text twice", (name) => {
  const conversation = {
    messages: [
      user("a", 1),
      calling("f", { x: 1 }, "c1"),
      { role: "tool", content: "r", tool_call_id: "c1" },
    ],
    tools: [tool("f", { x: { type: "integer" } })],
  };
  const renderer = rendererFor(name, { now });
  expect(renderer.render(conversation)).toBe(renderer.render(conversation));
});

test("names an unknown renderer in its own error", () => {
  expect(() => rendererFor('a"b')).toThrowError('unknown renderer "a\\"b"');
  expect(() => rendererFor("constructor")).toThrowError(PromptError);
});

test("numbers images over the whole conversation and fills the places kept for them", () => {
  const messages = [user("first", 2), user("see [img] here", 2), user(" blank in front", 1)];
  const prompt = render("qwen3-vl-instruct", { messages });
  expect(prompt).toContain("user\n[img-0][img-1] first<");
  expect(prompt).toContain("user\n[img-3] see [img-2] here<");
  expect(prompt).toContain("user\n[img-4] blank in front<");
});

test("leaves text alone that has numbered markers already", () => {
  const prompt = render("qwen3-vl-instruct", { messages: [user("[img-7]x", 1), user("y", 1)] });
  expect(prompt).toContain("user\n[img-7]x<");
  expect(prompt).toContain("user\n[img-1] y<");
});

test("writes tools in one key order, whatever the order and extras of the request", () => {
  const properties = {
    b: { description: "second", format: "date", type: ["string"] },
    a: { enum: [null, 1.5, "x"] },
  };
  const prompt = render("qwen3.5", { messages: [user("hi")], tools: [tool("f", properties)] });
  expect(prompt).toContain(
    '{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": ' +
      '{"b": {"type": "string", "description": "second"}, "a": {"enum": [null, 1.5, "x"]}}}}}',
  );
});

test("keeps the order of arguments but sorts the keys inside them", () => {
  const messages = [user("hi"), calling("f", { z: { b: 1, a: [2] }, a: "<&>" }), user("go on")];
  expect(render("deepseek3.1", { messages })).toContain(
    'f<｜tool▁sep｜>{"z":{"a":[2],"b":1},"a":"\\u003c\\u0026\\u003e"}',
  );
});

test.each([
  [1_000_000, "1e+06"],
  [999_999, "999999"],
  [0.00001, "1e-05"],
  [-0, "-0"],
  [true, "true"],
  [null, "null"],
])("writes the argument %s for Qwen3-Coder as Go prints it", (value, text) => {
  const prompt = render("qwen3-coder", { messages: [user("hi"), calling("f", { x: value }), user("go on")] });
  expect(prompt).toContain(`<parameter=x>\n${text}\n</parameter>`);
});

test.each([
  [1_000_000, "1000000"],
  [2 ** 63, "9.223372036854776e+18"],
  [1.5, "1.5"],
  [[true, "a"], '[true,<|"|>a<|"|>]'],
])("writes the argument %s for Gemma 4 in full", (value, text) => {
  const prompt = render("gemma4", { messages: [user("hi"), calling("f", { x: value }), user("go on")] });
  expect(prompt).toContain(`call:f{x:${text}}`);
});

test("writes Python's constants for Nemotron", () => {
  const messages = [user("hi"), calling("f", { a: true, b: null, c: [true, null] }), user("go on")];
  const prompt = render("nemotron-3-nano", { messages });
  expect(prompt).toContain("<parameter=a>\nTrue\n");
  expect(prompt).toContain("<parameter=b>\nNone\n");
  expect(prompt).toContain("<parameter=c>\n[true, null]\n");
});

test("obeys the last thinking switch in a Nemotron 3 conversation, and takes it out of the text", () => {
  const off = render("nemotron-3-nano", { messages: [user("/think a"), user("b /no_think")] });
  expect(off).toContain("user\na<|im_end|>\n<|im_start|>user\nb<|im_end|>");
  expect(off.endsWith("<think></think>")).toBe(true);
  expect(render("nemotron-3.5-nano", { messages: [user("b /no_think")] }).endsWith("<think>\n")).toBe(true);
});

test("shows Qwen3.5's thinking only since the last question, which a tool result in disguise is not", () => {
  const thinking: Message = { role: "assistant", content: "x", thinking: "why" };
  const disguised = user(" <tool_response>r</tool_response> ");
  expect(render("qwen3.5", { messages: [user("q"), thinking, disguised] })).toContain(
    "<think>\nwhy\n</think>\n\nx",
  );
  expect(render("qwen3.5", { messages: [user("q"), thinking, user("next")] })).not.toContain("why");
});

test("refuses a Qwen3.8 conversation without a question, and images in instructions", () => {
  const code = (conversation: Conversation) => {
    try {
      return render("qwen3.8", conversation);
    } catch (error) {
      return PromptError.is(error) ? [error.code, error.message] : error;
    }
  };
  const instructions: Message = { role: "developer", content: "rules" };
  expect(code({ messages: [instructions] })).toEqual(["RENDER_FAILED", "no user query found in messages"]);
  expect(code({ messages: [{ ...instructions, images: ["aGk="] }, user("hi")] })).toEqual([
    "RENDER_FAILED",
    "developer message cannot contain images",
  ]);
});

test("names a FunctionGemma result after the call in the same place", () => {
  const two: Message = {
    role: "assistant",
    content: "",
    tool_calls: [{ function: { name: "f", arguments: {} } }, { function: { name: "g", arguments: {} } }],
  };
  const results: Message[] = [
    { role: "tool", content: "1" },
    { role: "tool", content: "2" },
    { role: "tool", content: "3" },
  ];
  const prompt = render("functiongemma", { messages: [user("hi"), two, ...results] });
  expect(prompt).toContain("response:f{<escape>1<escape>}");
  expect(prompt).toContain("response:g{<escape>2<escape>}");
  expect(prompt).toContain("response:{<escape>3<escape>}");
});

test("opens a Gemma 4 result for the engine to fill when the last call has none", () => {
  const prompt = render("gemma4", { messages: [user("hi"), calling("f", {})] });
  expect(prompt.endsWith("call:f{}<tool_call|><|tool_response>")).toBe(true);
});

test("writes nested Gemma 4 schemas with types in capitals and unions as Python lists", () => {
  const properties = {
    list: {
      type: "array",
      items: { type: "object", properties: { k: { type: "string" } }, extra: { a: 1 } },
    },
    either: { anyOf: [{ type: "string" }, { type: "null" }] },
    type: { type: "string" },
  };
  const prompt = render("gemma4", { messages: [user("hi")], tools: [tool("f", properties)] });
  expect(prompt).toContain(`either:{type:<|"|>['STRING', 'NULL']<|"|>}`);
  expect(prompt).toContain(
    'list:{items:{extra:{<|"|>a<|"|>:1},properties:{k:{type:<|"|>STRING<|"|>}},type:<|"|>OBJECT<|"|>},type:<|"|>ARRAY<|"|>}',
  );
  // A property that is called like a keyword of the schema is taken for it, as the template does.
  expect(prompt).not.toContain(",type:{");
});

test.each([
  [{ names: ["gemma4:e4b", "x-31b"] }, false],
  [{ names: ["gemma4", "registry/gemma4:31B-it"] }, true],
  [{ names: ["mine"], parameterSize: "26.8B" }, true],
  [{ names: ["mine"], parameterSize: "5000M" }, false],
  [{}, false],
])("takes the Gemma 4 template for %o by name, then by size", (model, large) => {
  const prompt = rendererFor("gemma4", { model }).render({ messages: [user("hi")] });
  expect(prompt.endsWith("<|channel>thought\n<channel|>")).toBe(large);
});

test("numbers Cohere's calls anew and finds the results by their old ids", () => {
  const messages: Message[] = [
    user("hi"),
    calling("f", {}, "x"),
    { role: "tool", content: "1", tool_call_id: "x" },
    calling("g", {}, "y"),
    { role: "tool", content: "2", tool_call_id: "y" },
    { role: "tool", content: "3", tool_call_id: "lost" },
  ];
  const prompt = render("cohere", { messages });
  expect(prompt).toContain('{"tool_call_id": "1", "tool_name": "g"');
  expect(prompt).toMatch(/"tool_call_id": "1",\s+"results": \{\s+"0": \{"content": "2"\}/);
  expect(prompt).toMatch(/"tool_call_id": "lost",\s+"results"/);
});

test("tells Glimmer the date in local time and lets instructions set the strength of thinking", () => {
  expect(render("glimmer", { messages: [user("hi")], think: "low" })).toContain(
    "Current date: 2026-03-04.\n\nReasoning strength: low.",
  );
  const own = render("glimmer", {
    messages: [{ role: "system", content: "Reasoning Effort: none" }, user("hi")],
  });
  expect(own).toContain("<|message|>Reasoning Strength: none\n\n# Valid recipients");
});

test("keeps LFM2's last thinking, and all of it only when the thinking model is asked to think", () => {
  const answer = (thinking: string): Message => ({ role: "assistant", content: "a", thinking });
  const messages = [user("1"), answer("old"), user("2"), answer("new"), user("3")];
  expect(render("lfm2", { messages })).not.toContain("<think>");
  expect(render("lfm2-thinking", { messages })).not.toContain("old");
  expect(render("lfm2-thinking", { messages })).toContain("<think>new</think>a");
  expect(render("lfm2-thinking", { messages, think: true })).toContain("<think>old</think>a");
});

test.each(rendererNames)("%s fails in its own words on arguments nested without end", (name) => {
  const nested: unknown = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
  const messages: Message[] = [user("hi"), calling("f", { nested }), user("go on")];
  try {
    expect(render(name, { messages }).length).toBeGreaterThan(0);
  } catch (error) {
    expect(error).toMatchObject({ code: "RENDER_FAILED" });
  }
});

test("writes long texts with many escapes", () => {
  const text = '"\\\n'.repeat(1_000_000);
  const prompt = render("qwen3-vl-instruct", {
    messages: [user("hi"), calling("f", { text }), user("go on")],
  });
  expect(prompt).toContain(`{"text": ${JSON.stringify(text)}}`);
});

test("goes on with a last answer instead of beginning another", () => {
  const messages: Message[] = [user("list"), { role: "assistant", content: "1." }];
  for (const name of ["qwen3-coder", "qwen3-vl-instruct", "qwen3.5", "olmo3", "lfm2", "cohere"]) {
    expect(render(name, { messages }).endsWith("1."), name).toBe(true);
  }
});
