import { type OutputParser, outputParserFamily } from "@puna/model-format";
import type { Tool } from "@puna/protocol";
import { preservedTags, toolCallParser } from "./tag-parsers.ts";

/** How a model writes answers and calls of tools, told by the words of the template in its file. */
export interface CallFormat {
  preservedTokens(tools: readonly Tool[]): readonly string[];
  /** @returns undefined where the text is the answer: without tools to call, as a rule */
  parser(tools: readonly Tool[]): OutputParser | undefined;
}

interface Markup {
  readonly parser: string;
  /** The template has all of them. */
  readonly words: readonly string[];
  /** Answers are in markup as well. */
  readonly marksText?: boolean;
}

/** Formats that are more than a tag with JSON behind it, and the family whose parser reads them. */
const markups: readonly Markup[] = [
  { parser: "harmony", words: ["<|channel|>", "<|message|>"], marksText: true },
  { parser: "cohere", words: ["<|START_ACTION|>", "tool_name"], marksText: true },
  { parser: "qwen3-coder", words: ["<tool_call>", "<function=", "<parameter="] },
  { parser: "glm-ocr", words: ["<tool_call>", "<arg_key>", "<arg_value>"] },
  { parser: "cogito", words: ["<｜tool▁calls▁begin｜>", "<｜tool▁sep｜>", "```json"] },
  { parser: "deepseek3", words: ["<｜tool▁calls▁begin｜>", "<｜tool▁sep｜>"] },
  { parser: "gemma4-no-thinking", words: ["<|tool_call>call:"] },
  { parser: "lfm2", words: ["<|tool_call_start|>"] },
  { parser: "lfm2", words: ["<|tool_list_start|>"] },
];

/** What begins a call in JSON; the first that the template names counts. */
const tags: readonly string[] = [
  "<|tool_calls_section_begin|>",
  "<TOOLCALL>",
  "<tool_calls>",
  "<tool_call>",
  "[TOOL_CALLS]",
  "<|tool_call|>",
  "<function_call>",
  "function call<|role_sep|>",
  "functools[",
  "<function=",
];

export function callFormat(template: string): CallFormat {
  const markup = markups.find(({ words }) => words.every((word) => template.includes(word)));
  const family = markup === undefined ? undefined : outputParserFamily(markup.parser);
  if (family !== undefined) {
    const reads = (tools: readonly Tool[]) => tools.length > 0 || markup?.marksText === true;
    return {
      preservedTokens: (tools) => (reads(tools) ? family.preservedTokens : []),
      // Thinking was read before.
      parser: (tools) => (reads(tools) ? family.create({ tools, think: false }) : undefined),
    };
  }
  const tag = tags.find((known) => template.includes(known)) ?? "{";
  return {
    preservedTokens: (tools) => preservedTags(tag, tools),
    parser: (tools) => toolCallParser(tag, tools),
  };
}
