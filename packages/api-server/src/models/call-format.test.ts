import type { Tool } from "@puna/protocol";
import { expect, test } from "vitest";
import { callFormat } from "./call-format.ts";

const tools: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "weather",
      parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } },
    },
  },
];
const call = { name: "weather", arguments: { city: "Paris", days: 2 } };

function read(template: string, text: string) {
  const parser = callFormat(template).parser({ tools, lastMessage: undefined });
  const events = parser === undefined ? [] : [...parser.push(text), ...parser.end()];
  return events.flatMap((event) =>
    event.type === "tool-call"
      ? [{ name: event.call.function.name, arguments: event.call.function.arguments }]
      : [],
  );
}

const json = '{"city": "Paris", "days": 2}';

test.each([
  ["<tool_call>", `<tool_call>\n{"name": "weather", "arguments": ${json}}\n</tool_call>`],
  [
    "<tool_call><function=f><parameter=p>",
    "<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
  ],
  [
    "<tool_call><arg_key></arg_key><arg_value>",
    "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
  ],
  [
    "<｜tool▁calls▁begin｜><｜tool▁sep｜>",
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>${json}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  ],
  [
    "<｜tool▁calls▁begin｜><｜tool▁sep｜>```json",
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n\`\`\`json\n${json}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  ],
  [
    "<|tool_calls_section_begin|>",
    `<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>${json}<|tool_call_end|><|tool_calls_section_end|>`,
  ],
  ["<|tool_list_start|>", "<|tool_call_start|>[weather(city='Paris', days=2)]<|tool_call_end|>"],
  ["<|channel|><|message|>", ` to=functions.weather<|channel|>commentary json<|message|>${json}`],
  [
    "<|START_ACTION|> tool_name",
    `<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "weather", "parameters": ${json}}]<|END_ACTION|>`,
  ],
  ["<function=", `<function=weather>${json}</function>`],
  [
    "<atem:function_calls><|eom|>",
    ' to=weather<|message|><atem:function_calls>\n<atem:invoke name="weather">\n<atem:parameter name="city">Paris</atem:parameter>\n<atem:parameter name="days">2</atem:parameter>\n</atem:invoke>\n</atem:function_calls>',
  ],
  [">>>all >>>$recipient", `weather\n${json}`],
  ["<|python_tag|> or JSON", `{"name": "weather", "parameters": ${json}}`],
])("reads calls as a template with %j has them written", (template, text) => {
  expect(read(template, text)).toEqual([call]);
});

test("reads nothing without tools, unless answers are in markup as well", () => {
  const reading = { tools: [], lastMessage: undefined };
  expect(callFormat("<tool_call>").parser(reading)).toBeUndefined();
  expect(callFormat("<tool_call>").preservedTokens([])).toEqual([]);
  const harmony = callFormat("<|channel|><|message|>").parser(reading);
  expect(harmony?.push("<|channel|>final<|message|>Yes.")).toEqual([{ type: "text-delta", text: "Yes." }]);
});

test("reads thinking where it is part of the markup, and answers that were begun", () => {
  const glimmer = callFormat("<atem:function_calls><|eom|>").parser({ tools, lastMessage: undefined });
  expect(glimmer?.push(" to=self<|message|>hm<|eom|><|start|>assistant to=user<|message|>Yes.")).toEqual([
    { type: "thinking-delta", text: "hm" },
    { type: "text-delta", text: "Yes." },
  ]);
  for (const template of ["<|channel|><|message|>", "<atem:function_calls><|eom|>"]) {
    const lastMessage = { role: "assistant", content: "So" };
    const begun = callFormat(template).parser({ tools, lastMessage });
    expect([...(begun?.push(" it is.") ?? []), ...(begun?.end() ?? [])]).toEqual([
      { type: "text-delta", text: " it is." },
    ]);
  }
});

test("keeps the text behind a tag that no call follows", () => {
  const parser = callFormat("<tool_call>").parser({ tools, lastMessage: undefined }) ?? expect.fail();
  const text = "Write <tool_call>{oops}</tool_call> then.";
  const events = [...parser.push(text), ...parser.end()];
  expect(events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")).toBe(text);
});
