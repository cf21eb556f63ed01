import { expect, test } from "vitest";
import { compileChatTemplate } from "./chat-template.ts";

/** How a template writes calls that has each of them written so. */
function shapeOf(call: string) {
  return compileChatTemplate(
    `{% for m in messages %}<start>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls %}${call}{% endfor %}<end>\n{% endfor %}`,
  ).calls;
}

const name = "{{ c.function.name }}";
const json = "{{ c.function.arguments | tojson }}";

test.each([
  [`<call>\n{"name": "${name}", "arguments": ${json}}\n</call>\n`, "<call>"],
  [`[CALLS][{"name": "${name}", "arguments": ${json}}]`, "[CALLS]"],
  [`<|sep|>\n\nfunction call<|role|>\n{"name": "${name}", "arguments": ${json}}`, "<|sep|>"],
  [`<|calls|><|call:begin|>1<|call:name|>${name}<|call:args|>${json}<|call:end|>`, "<|calls|>"],
  [`functools[{"name": "${name}", "arguments": ${json}}]`, "functools"],
  [`<function=${name}>${json}</function>`, "<function="],
  [`{"name": "${name}", "parameters": ${json}}`, ""],
])("sees what stands before JSON in %j", (call, tag) => {
  expect(shapeOf(call)).toMatchObject({ type: "json", tag });
});

test("sees the tags around arguments", () => {
  const parameter =
    '{% for k, v in c.function.arguments.items() %}<p name="{{ k }}">{{ v }}</p>\n{% endfor %}';
  expect(shapeOf(`<call>\n<invoke name="${name}">\n${parameter}</invoke>\n</call>\n`)).toEqual({
    type: "tagged",
    lead: "",
    section: { open: [], close: [] },
    call: {
      open: ["<call>", "<invoke", 'name="'],
      nameEnd: ['">'],
      close: ["</invoke>", "</call>"],
    },
    argument: {
      open: ["<p", 'name="'],
      middle: ['">'],
      close: ["</p>"],
      isWrapped: false,
      blanks: { before: "", after: "" },
    },
    tokens: ["<call>", "</p>", "</invoke>", "</call>"],
  });
});

test.each(["", `${name}(x)`, "{{ raise_exception('no calls') }}"])("sees nothing in %j", (call) => {
  expect(shapeOf(call)).toBeUndefined();
});

test("sees no tags in calls as Python writes them", () => {
  const parameters = "{% for k, v in c.function.arguments.items() %}{{ k }}='{{ v }}', {% endfor %}";
  expect(shapeOf(`<call>[${name}(${parameters})]</call>`)).toBeUndefined();
});
