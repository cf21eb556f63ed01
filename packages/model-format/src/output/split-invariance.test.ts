import type { Message, ThinkValue, Tool } from "@puna/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseOutput } from "../testing/parse-output.ts";
import { outputParserFamily, outputParserNames } from "./parser-registry.ts";

const tools: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "add",
      parameters: {
        type: "object",
        required: ["a"],
        properties: { a: { type: "integer" }, s: { type: "string" } },
      },
    },
  },
  { type: "function", function: { name: "now", parameters: { type: "object", properties: {} } } },
];

/** Pieces of every format, whole and broken: each parser has to live with those of the others. */
const pieces = [
  ...[
    "<think>",
    "</think>",
    "[THINK]",
    "[/THINK]",
    "<|channel>thought\n",
    "<channel|>",
    "<|START_THINKING|>",
  ],
  ...["<|END_THINKING|>", "<|START_TEXT|>", "<|END_TEXT|>", "<|END_OF_TURN_TOKEN|>", "<|start|>assistant"],
  ...[
    "<|message|>",
    "<|end|>",
    "<|channel|>analysis",
    "<|channel|>final",
    "<|eom|>",
    "<|eot|>",
    " to=self",
    " to=add",
  ],
  ...["<|channel|>commentary to=functions.add", "<tool_call>", "</tool_call>", "<user>", "</user>"],
  ...[
    "<function=add>",
    "<parameter=a>",
    "</parameter>",
    "</function>",
    "add",
    "now",
    "add\n",
    "1",
    "null",
    "true",
  ],
  ...[
    "<arg_key>",
    "</arg_key>",
    "<arg_value>",
    "</arg_value>",
    "a",
    "s",
    "<function_calls>",
    "</function_calls>",
  ],
  ...[
    "add(a=1, s='x')",
    "now()",
    "[now()]",
    "<|tool_call_start|>",
    "<|tool_call_end|>",
    "[TOOL_CALLS]",
    "[ARGS]",
  ],
  ...[
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁sep｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁calls▁end｜>",
  ],
  ...[
    "<｜tool▁output▁begin｜>",
    "<｜tool▁output▁end｜>",
    "<｜tool▁outputs▁begin｜>",
    "<｜tool▁outputs▁end｜>",
  ],
  ...[
    "<start_function_call>",
    "<end_function_call>",
    "<escape>",
    "<|tool_call>",
    "<tool_call|>",
    "<|tool_response>",
  ],
  ...["call:add{a:1}", 'call:add{s:<|"|>x<|"|>}', 'call:add{s:<|"|>x', '<|"|>', "call:", "<|START_ACTION|>"],
  ...["<|END_ACTION|>", '[{"tool_name":"add","parameters":{"a":1}}]', '{"name":"add","arguments":{"a":1}}'],
  ...['{"a": 1}', "function", "\n```json\n", "\n```", '<atem:invoke name="add">', "</atem:invoke>"],
  ...["<atem:function_calls>", "</atem:function_calls>", '<atem:parameter name="a">', "</atem:parameter>"],
  ...[
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "\\",
    ",",
    ":",
    "<",
    ">",
    " ",
    "\n",
    "\r\n",
    "\u00a0",
    "text",
    "é",
    "👋🏽",
    "日本",
  ],
];

const lastMessages: readonly (Message | undefined)[] = [
  undefined,
  { role: "user", content: "q" },
  { role: "tool", content: "r" },
  { role: "assistant", content: "so far" },
  { role: "assistant", content: "", thinking: "so far" },
];

/** Answers in which the tokens of one family are as frequent as all other pieces together. */
const answersWith = (tokens: readonly string[]) =>
  fc.record({
    text: fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.constantFrom("x", ...tokens)), { maxLength: 14 })
      .map((list) => list.join("")),
    cuts: fc.array(fc.nat(200), { maxLength: 8 }),
    think: fc.constantFrom<ThinkValue | undefined>(undefined, true, false, "high"),
    lastMessage: fc.constantFrom(...lastMessages),
    offered: fc.boolean(),
  });

describe("every family parser", () => {
  it.each(outputParserNames)("%s finds the same however the text is cut", (name) => {
    const family = outputParserFamily(name) ?? expect.fail();
    fc.assert(
      fc.property(answersWith(family.preservedTokens), ({ text, cuts, think, lastMessage, offered }) => {
        const options = {
          tools: offered ? tools : [],
          ...(think === undefined ? {} : { think }),
          ...(lastMessage === undefined ? {} : { lastMessage }),
        };
        const parse = (chunks: readonly string[]) => parseOutput(family.create(options), chunks);
        const whole = parse([text]);
        const at = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
        expect(parse(at.slice(1).map((end, index) => text.slice(at[index], end)))).toEqual(whole);
        expect(parse(text.split(""))).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  it.each(outputParserNames)(
    "%s finds the same at every single cut of a text with everything in it",
    (name) => {
      const family = outputParserFamily(name) ?? expect.fail();
      const text = `lead <think>\nhm\n</think>\n\n${pieces.join("")} tail\n`;
      const parse = (chunks: readonly string[]) => parseOutput(family.create({ tools }), chunks);
      const whole = parse([text]);
      for (let cut = 0; cut <= text.length; cut += 1) {
        expect(parse([text.slice(0, cut), "", text.slice(cut)])).toEqual(whole);
      }
    },
  );
});
