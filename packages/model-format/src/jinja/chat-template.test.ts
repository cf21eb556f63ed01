import type { Message, Tool } from "@puna/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PromptError } from "../errors.ts";
import { tinyChatTemplate } from "../testing/tiny-models.ts";
import { type ChatTemplateOptions, chatTemplateOrFallback, compileChatTemplate } from "./chat-template.ts";

const user: Message = { role: "user", content: "hi" };
const weather: Tool = {
  type: "function",
  function: {
    name: "weather",
    description: "Looks <out>",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};
const calling: Message = {
  role: "assistant",
  content: "",
  tool_calls: [{ id: "call_ab12cd34", function: { name: "weather", arguments: { city: "Paris", days: 2 } } }],
};
const result: Message = {
  role: "tool",
  content: "mild",
  tool_call_id: "call_ab12cd34",
  tool_name: "weather",
};

function print(expression: string, options: ChatTemplateOptions = {}): string {
  return compileChatTemplate(expression, options).render({ messages: [user] });
}

function failure(run: () => unknown): { readonly code: string; readonly message: string } | undefined {
  try {
    run();
  } catch (error) {
    if (PromptError.is(error)) return { code: error.code, message: error.message };
    throw error;
  }
  return undefined;
}

test("gives templates their usual variables", () => {
  const template = compileChatTemplate(
    "{# reasoning #}{{ bos_token }}{{ eos_token }} {{ tools is defined }} {{ enable_thinking }} {{ reasoning_effort }} {{ mine }} {{ add_generation_prompt }}",
    { bosToken: "<s>", eosToken: "</s>", variables: { mine: 7 } },
  );
  expect(template.render({ messages: [user] })).toBe("<s></s> False True  7 True");
  expect(template.render({ messages: [user], think: false })).toBe("<s></s> False False  7 True");
  expect(template.render({ messages: [user], think: "low" })).toBe("<s></s> False True low 7 True");
});

test("tells the date in the two forms that llama.cpp gives", () => {
  const now = () => new Date(2025, 0, 5);
  expect(print("{{ date_string }}|{{ datetime }}", { now })).toBe("05 Jan 2025|Jan 05 2025");
});

test("does not ask for thinking by default where a template shows none", () => {
  const template = compileChatTemplate("{{ enable_thinking }}");
  expect(template.render({ messages: [user] })).toBe("False");
  expect(template.render({ messages: [user], think: true })).toBe("True");
});

test("writes tools with a description even if they have none, and developers' turns as the system's", () => {
  const template = compileChatTemplate(
    "{{ tools | tojson }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}",
  );
  const tool: Tool = {
    type: "function",
    function: { name: "f", parameters: { type: "object", properties: {} } },
  };
  const developer = { role: "developer", content: "d" } as Message;
  expect(template.render({ messages: [developer, user], tools: [tool] })).toBe(
    '[{"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object", "properties": {}}}}][system]d[user]hi',
  );
});

test("passes tools in Ollama's key order, thinking, calls and results", () => {
  const template = compileChatTemplate(
    "{{ tools | tojson }}|{% for m in messages %}{{ m.role }}:{{ m.reasoning_content }}:{{ m.content }}" +
      "{% for c in m.tool_calls %}{{ c | tojson }}{% endfor %}{{ m.tool_call_id }}{{ m.name }};{% endfor %}",
  );
  const messages = [user, { ...calling, thinking: "hm" }, result];
  expect(template.render({ messages, tools: [weather] })).toBe(
    '[{"type": "function", "function": {"name": "weather", "description": "Looks <out>", "parameters": ' +
      '{"type": "object", "properties": {"city": {"type": "string"}}}}}]|user::hi;assistant:hm:' +
      '{"type": "function", "function": {"name": "weather", "arguments": {"city": "Paris", "days": 2}}, "id": "call_ab12cd34"}' +
      ";tool::mildcall_ab12cd34weather;",
  );
});

test("gives a template that knows only `thinking` what it knows", () => {
  const template = compileChatTemplate("{% for m in messages %}{{ m.thinking }}{{ m.content }}{% endfor %}");
  expect(template.render({ messages: [{ role: "assistant", content: "a", thinking: "t" }, user] })).toBe(
    "tahi",
  );
});

const noSystem =
  "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}";

test("merges system turns into the next question where a template has none", () => {
  const template = compileChatTemplate(noSystem);
  const system = (content: string): Message => ({ role: "system", content });
  const answer: Message = { role: "assistant", content: "hey" };
  expect(template.traits.writesSystem).toBe(false);
  expect(template.render({ messages: [system("a"), user, answer, system("b"), system("c"), user] })).toBe(
    "[user]a\nhi[assistant]hey[user]b\nc\nhi",
  );
  expect(template.render({ messages: [system("only")] })).toBe("[user]only");
});

test("describes tools, calls and results in words where a template refuses them", () => {
  const template = compileChatTemplate(
    "{% for m in messages %}{% if m.tool_calls %}{{ raise_exception('no calls') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}",
  );
  expect(template.traits).toMatchObject({ writesTools: false, writesCalls: false });
  const system: Message = { role: "system", content: "Rules." };
  const prompt = template.render({ messages: [system, user, calling, result, user], tools: [weather] });
  expect(prompt).toContain(
    '[system]Rules.\n\nYou can call these tools, given as JSON:\n<tools>\n{"type": "function"',
  );
  expect(prompt).toContain(
    '[assistant]<tool_call>\n{"name": "weather", "arguments": {"city": "Paris", "days": 2}}\n</tool_call>',
  );
});

test("writes results as questions for a template that knows only two roles", () => {
  const strict =
    "{% for m in messages %}{% if m.role not in ['user', 'assistant'] %}{{ raise_exception('role') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}";
  const prompt = compileChatTemplate(strict).render({ messages: [user, calling, result, user] });
  expect(prompt).toContain("[user]<tool_response>\nmild\n</tool_response>[user]hi");
});

test("sends content as typed parts to a template that walks them", () => {
  const template = compileChatTemplate(
    "{% for m in messages %}{% for part in m.content %}{% if part.type == 'text' %}<{{ part.text }}>{% endif %}{% endfor %}{% endfor %}",
  );
  expect(template.traits.wantsTypedContent).toBe(true);
  expect(template.render({ messages: [{ role: "system", content: "s" }, user] })).toBe("<s><hi>");
});

test.each([
  ["text", "{{ '' + c.function.arguments }}", '{"city":"Paris","days":2}'],
  ["text", "{{ c.function.arguments }}", '{"city":"Paris","days":2}'],
  ["an object", "{{ c.function.arguments | tojson }}", '{"city": "Paris", "days": 2}'],
  [
    "an object",
    "{% for k, v in c.function.arguments.items() %}{{ k }}={{ v }};{% endfor %}",
    "city=Paris;days=2;",
  ],
])("gives arguments as %s to a template that writes %s", (_form, expression, text) => {
  const template = compileChatTemplate(
    `{% for m in messages %}{% for c in m.tool_calls %}${expression}{% endfor %}{% endfor %}`,
  );
  expect(template.render({ messages: [user, calling, result] })).toBe(text);
});

test("shortens the ids of calls for templates that insist, and keeps calls and results together", () => {
  const template = compileChatTemplate(
    "{% for m in messages %}{% for c in m.tool_calls %}{% if c.id | length != 9 %}{{ raise_exception('nine') }}{% endif %}{{ c.id }}{{ c.function.arguments | tojson }}{% endfor %}<{{ m.tool_call_id }}>{{ m.content }}{% endfor %}",
  );
  expect(template.traits.wantsShortIds).toBe(true);
  expect(template.render({ messages: [calling, result, user] })).toContain("<call00000>mild");
});

test("gives calls and results ids where the client gave none and the template insists", () => {
  const template = (insists: string) =>
    compileChatTemplate(
      `{% for m in messages %}{% for c in m.tool_calls %}${insists}+{{ c.id }}{{ c.function.arguments | tojson }}{% endfor %}{% if m.tool_call_id %}-{{ m.tool_call_id }}{% endif %}{% endfor %}`,
    );
  const call = { function: { name: "f", arguments: {} } };
  const messages: Message[] = [
    { role: "assistant", content: "", tool_calls: [call, call] },
    { role: "tool", content: "1" },
    { role: "tool", content: "2" },
  ];
  expect(template("").render({ messages })).toBe("+{}+{}");
  const check = "{% if not c.id %}{{ raise_exception('no id') }}{% endif %}";
  expect(template(check).render({ messages })).toBe("+call00000{}+call00001{}-call00000-call00001");
});

test("puts image markers where the text says, else behind it", () => {
  const template = compileChatTemplate("{% for m in messages %}{{ m.content }}|{% endfor %}");
  const images = (content: string, count: number): Message => ({
    role: "user",
    content,
    images: Array<string>(count).fill("aGk="),
  });
  expect(template.render({ messages: [images("a", 1), images("see [img]", 2)] })).toBe(
    "a[img-0]|see [img-1][img-2]|",
  );
});

test("goes on with a last answer, behind thinking as the template writes it", () => {
  const plain = compileChatTemplate(
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}",
  );
  expect(plain.render({ messages: [user, { role: "assistant", content: "1." }] })).toBe(
    "[user]hi[assistant]1.",
  );
  const begun: Message = { role: "assistant", content: "So", thinking: "hm" };
  const written =
    "{% for m in messages %}[{{ m.role }}]{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]";
  for (const opened of ["", "{{ '<think>\\n' }}"]) {
    const thinking = compileChatTemplate(`${written}${opened}{% endif %}`);
    expect(thinking.render({ messages: [user, begun] })).toBe(
      "[user]hi[assistant]<think>\nhm\n</think>\n\nSo",
    );
    expect(thinking.render({ messages: [user, { role: "assistant", content: "So" }] })).toBe(
      "[user]hi[assistant]<think>\n\n</think>\n\nSo",
    );
    expect(thinking.render({ messages: [user, { ...begun, content: "" }] })).toBe(
      "[user]hi[assistant]<think>\nhm",
    );
  }
});

test("says what a template objects to", () => {
  const template = compileChatTemplate("{{ raise_exception('roles must alternate') }}");
  expect(failure(() => template.render({ messages: [user] }))).toEqual({
    code: "TEMPLATE_FAILED",
    message: "The chat template refuses this conversation: roles must alternate",
  });
});

test("says what a template does that we do not know", () => {
  expect(failure(() => print("{{ 'a' | nonsense }}"))).toMatchObject({
    code: "TEMPLATE_FAILED",
    message: expect.stringContaining("nonsense"),
  });
  expect(failure(() => compileChatTemplate("{% if %}"))?.code).toBe("TEMPLATE_INVALID");
});

test.each([
  ["loops without end", "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}"],
  ["counts too far", "{{ range(1000000000) }}"],
  [
    "doubles a text",
    "{% set n = namespace(s='aaaa') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
  ],
  [
    "replaces letters by texts",
    "{% set n = namespace(s='aaaa') %}{% for i in range(9) %}{% set n.s = n.s.replace('a', n.s) %}{% endfor %}",
  ],
  [
    "nests lists in pairs",
    "{% set n = namespace(a=[]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% endfor %}{{ n.a }}",
  ],
  [
    "nests namespaces in pairs",
    "{% set l = namespace(v=[namespace()]) %}{% for i in range(60) %}{% set n = namespace(a=l.v, b=l.v) %}{% set l.v = [n, n] %}{% endfor %}{{ l.v | tojson }}",
  ],
  [
    "grows lists that others hold",
    "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set m = [] %}{% set pair = [m, m] %}{% do m.append(ns.l) %}{% set ns.l = pair %}{% endfor %}{{ ns.l }}",
  ],
  ["contains itself", "{% set n = namespace() %}{% set n.a = n %}{{ n | tojson }}"],
  ["repeats a billion times", "{{ 'a' * 1000000000 }}"],
  ["indents by a billion", "{{ 'a\nb' | indent(1000000000) }}{{ [1] | tojson(indent=1000000000) }}"],
  ["is too long", "x".repeat(300_000)],
  ["has a run of blanks", `{{ 1 }}${" ".repeat(100_000)}{{ 2 }}`],
])("stops a template that %s, in a few seconds", (_what, template) => {
  const start = process.cpuUsage();
  expect(failure(() => print(template))?.code).toBe("TEMPLATE_LIMIT");
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(8000);
});

test("fails in its own words on arguments nested without end", () => {
  const nested: unknown = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
  const call = { function: { name: "f", arguments: { nested } } };
  const messages: Message[] = [{ role: "assistant", content: "", tool_calls: [call] }, user];
  expect(failure(() => compileChatTemplate(tinyChatTemplate).render({ messages }))?.code).toBe(
    "TEMPLATE_LIMIT",
  );
});

test("lets a long conversation through", () => {
  const template = compileChatTemplate(tinyChatTemplate);
  const messages = Array.from(
    { length: 5000 },
    (_, index): Message => ({ role: "user", content: `turn ${index}` }),
  );
  expect(template.render({ messages })).toContain("turn 4999<|im_end|>\n<|im_start|>assistant\n");
});

test("ends every mangled template with text or an error of its own", () => {
  const pieces = [
    "{%",
    "%}",
    "{{",
    "}}",
    "(",
    ")",
    "[",
    "|",
    "'",
    "~",
    "in",
    "messages",
    "|tojson",
    "{% for x in messages %}",
  ];
  const cut = fc.record({
    at: fc.nat(tinyChatTemplate.length),
    length: fc.nat(30),
    piece: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 5 })),
  });
  fc.assert(
    fc.property(fc.array(cut, { minLength: 1, maxLength: 5 }), (cuts) => {
      const mangled = cuts.reduce(
        (text, { at, length, piece }) => text.slice(0, at) + piece + text.slice(at + length),
        tinyChatTemplate,
      );
      failure(() =>
        compileChatTemplate(mangled).render({ messages: [user, calling, result], tools: [weather] }),
      );
    }),
    { numRuns: 300 },
  );
});

test("falls back to ChatML, and says why, when a template cannot be read", () => {
  const { template, problem } = chatTemplateOrFallback("{% unknown %}");
  expect(problem).toMatchObject({ code: "TEMPLATE_INVALID", message: expect.stringContaining("unknown") });
  expect(template.render({ messages: [user] })).toBe(
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
  );
  expect(chatTemplateOrFallback(undefined).problem).toBeUndefined();
  expect(chatTemplateOrFallback(tinyChatTemplate).problem).toBeUndefined();
});
