import { compileChatTemplate, PromptTemplate } from "@puna/model-format";
import type { Message } from "@puna/protocol";
import { expect, test } from "vitest";
import { nativePrompt } from "./native-prompt.ts";

const text =
  "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}[assistant]";
const messages: readonly Message[] = [{ role: "user", content: "hi" }];

function rendered(addedBos: string): string {
  const template = compileChatTemplate(text, { bosToken: "<s>", eosToken: "</s>" });
  return nativePrompt(template, { text, bare: PromptTemplate.parse("{{ .Prompt }}"), addedBos }).render({
    messages,
  });
}

test("writes the tokens that end turns", () => {
  expect(rendered("")).toBe("<s>[user]hi</s>[assistant]");
});

test("leaves out the first token where the tokenizer writes it", () => {
  expect(rendered("<s>")).toBe("[user]hi</s>[assistant]");
});

/** What an answer comes to by a template that opens thinking. */
function read(callTemplate: string, answer: string) {
  const source = `{% for m in messages %}[{{ m.role }}]{{ m.content }}{% for c in m.tool_calls %}${callTemplate}{% endfor %}{% endfor %}{% if add_generation_prompt %}[assistant]<think>{% endif %}{# </think> #}`;
  const prompt = nativePrompt(compileChatTemplate(source), {
    text: source,
    bare: PromptTemplate.parse("{{ .Prompt }}"),
    addedBos: "",
  });
  const parser = prompt.chatParser({
    tools,
    think: undefined,
    requestedThink: undefined,
    lastMessage: messages[0],
    prompt: prompt.render({ messages, tools }),
  });
  const events = parser === undefined ? [] : [...parser.push(answer), ...parser.end()];
  return events.map((event) =>
    event.type === "tool-call" ? event.call.function.name : [event.type, event.text],
  );
}

const tools = [
  { type: "function", function: { name: "now", parameters: { type: "object", properties: {} } } },
];

const parameters =
  "{% for k, v in c.function.arguments.items() %}<parameter={{ k }}>\n{{ v }}\n</parameter>\n{% endfor %}";

test.each([
  [
    `<tool_call>\n<function={{ c.function.name }}>\n${parameters}</function>\n</tool_call>`,
    "<tool_call>\n<function=now>\n</function>\n</tool_call>",
  ],
  ['[[call {"{{ c.function.name }}": {{ c.function.arguments | tojson }}}]]', '[[call {"now": {}}]]'],
  [
    '<|sep|>\n\ncall<|role|>\n{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}',
    '<|sep|>\n\ncall<|role|>\n{"name": "now", "arguments": {}}',
  ],
  [
    '{"name": "{{ c.function.name }}", "parameters": {{ c.function.arguments | tojson }}}',
    '{"name": "now", "parameters": {}}',
  ],
])("reads calls as the template writes them: %s", (template, call) => {
  expect(read(template, `hm</think>Well. ${call}`)).toEqual([
    ["thinking-delta", "hm"],
    ["text-delta", "Well. "],
    "now",
  ]);
});

test("lets a call end thinking where models forget to close it", () => {
  const call = "<tool_call>\n<function=now>\n</function>\n</tool_call>";
  const template = `<tool_call>\n<function={{ c.function.name }}>\n${parameters}</function>\n</tool_call>`;
  expect(read(template, `hm${call}`)).toEqual([["thinking-delta", "hm"], "now"]);
});

test("gives harmony the blank that a header begins with", () => {
  const source =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{# <|channel|><|message|> #}";
  const prompt = nativePrompt(compileChatTemplate(source), {
    text: source,
    bare: PromptTemplate.parse("{{ .Prompt }}"),
    addedBos: "",
  });
  const reading = {
    tools,
    think: undefined,
    requestedThink: undefined,
    lastMessage: messages[0],
    prompt: "",
  };
  const parser = prompt.chatParser(reading) ?? expect.fail();
  const events = [
    ...parser.push(" to=functions.now<|channel|>commentary json<|message|>{}"),
    ...parser.end(),
  ];
  expect(events.map(({ type }) => type)).toEqual(["tool-call"]);
});
