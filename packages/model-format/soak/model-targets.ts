import {
  type OutputParser,
  outputParserFamily,
  outputParserNames,
  ThinkingParser,
  ToolTagParser,
} from "@puna/model-format";
import {
  bytesSource,
  GgufArray,
  modelDimensions,
  modelInfo,
  planCompatibility,
  readGguf,
} from "@puna/model-format/gguf";
import { tinyBert, tinyLlama, tinyLora } from "@puna/model-format/testing";
import type { Tool } from "@puna/protocol";
import { cut, mutateBytes, mutateText, pick, type Random } from "./mutate.ts";
import { bytesTarget, textTarget } from "./target.ts";

const files = [tinyLlama(), tinyBert(), tinyLora()];

export const gguf = bytesTarget(
  (random) => mutateBytes(random, pick(random, files)),
  async (bytes) => {
    const file = await readGguf(bytesSource(bytes));
    for (const { value } of file.metadata) if (value instanceof GgufArray) await value.toArray();
    await modelInfo(file, { verbose: true });
    modelDimensions(file.metadata);
    await planCompatibility(file);
  },
);

const tools: readonly Tool[] = ["get_weather", "get", "search"].map((name) => ({
  type: "function",
  function: {
    name,
    parameters: {
      type: "object",
      required: ["city"],
      properties: { city: { type: "string" }, days: { type: "integer" }, flags: { type: ["array", "null"] } },
    },
  },
}));

const answers = [
  '<think>\nHm, é😀.</think>\n\nText <tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome", "days": 3}}\n</tool_call> end',
  "<tool_call>\n<function=get_weather>\n<parameter=city>\nRome\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>",
  "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Rome</arg_value>\n</tool_call>",
  '<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city":"Rome"}<|call|>',
  '<|channel>thought\nHm<channel|><|tool_call>call:get_weather{city:<|"|>Rome<|"|>,days:3}<tool_call|>',
  "<start_function_call>call:get_weather{city:<escape>Rome<escape>}<end_function_call>",
  '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city":"Rome"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  '<|START_THINKING|>Hm<|END_THINKING|><|START_ACTION|>[{"tool_call_id": "0", "tool_name": "get_weather", "parameters": {"city": "Rome"}}]<|END_ACTION|><|START_TEXT|>Text<|END_TEXT|>',
  '<|tool_call_start|>[get_weather(city="Rome", days=3, flags=[True, None])]<|tool_call_end|>',
  "<function_calls>get_weather(city=\"Rome\", days=3)\nsearch(city='x')</function_calls>",
  '[THINK]Hm[/THINK][TOOL_CALLS]get_weather[ARGS]{"city": "Rome"}',
  '<|start|>assistant to=self<|message|>Hm<|eom|><|start|>assistant to=get_weather<|message|><atem:function_calls><atem:invoke name="get_weather"><atem:parameter name="city">Rome</atem:parameter></atem:invoke></atem:function_calls><|eot|>',
  '```json\n{"name": "get_weather", "parameters": {"city": "Rome"}}\n```',
  '{"name": "search", "arguments": "{\\"city\\": \\"x\\"}"} [{"get": {"city": "y"}}]',
];
const words = [
  "<think>",
  "</think>",
  "<tool_call>",
  "</tool_call>",
  "<function=",
  "</function>",
  "<parameter=city>",
  "</parameter>",
  "<arg_key>",
  "<arg_value>",
  "<|channel|>",
  "<|message|>",
  "<|start|>",
  "<|end|>",
  "<|call|>",
  " to=functions.get",
  "<|tool_call>call:",
  "<tool_call|>",
  "<escape>",
  "<｜tool▁sep｜>",
  "<|START_ACTION|>",
  "<|END_ACTION|>",
  "<|tool_call_start|>[",
  "<function_calls>",
  "[TOOL_CALLS]",
  "[ARGS]",
  "[THINK]",
  "{",
  "}",
  "[",
  "]",
  "(",
  ")",
  '"',
  "\\",
  "'",
  ",",
  ":",
  "\n",
  " ",
  "get_weather",
  "get",
  "null",
  "1e999",
  "\u0000",
  "\ud83d",
  "é",
  "```json\n",
  "<",
  "|",
];

export const outputParsers = textTarget(
  (random) => mutateText(random, answers, words),
  (text, random) => {
    const family = outputParserFamily(pick(random, outputParserNames));
    if (family !== undefined) feed(family.create({ tools, think: random() < 0.7 }), random, text);
  },
);

export const tagParsers = textTarget(
  (random) => mutateText(random, answers, words),
  (text, random) => {
    feed(
      new ThinkingParser({ opening: "<think>", closing: "</think>", startsInside: random() < 0.3 }),
      random,
      text,
    );
    feed(new ToolTagParser(pick(random, ["<tool_call>", "{", "[", "[TOOL_CALLS]"]), tools), random, text);
  },
);

function feed(parser: OutputParser, random: Random, text: string): void {
  for (const piece of cut(random, text)) parser.push(piece);
  parser.end();
}
