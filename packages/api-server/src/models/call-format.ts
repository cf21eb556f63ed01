import {
  bareJsonCalls,
  type CallShape,
  functionary,
  type OutputParser,
  type OutputParserFamily,
  outputParserFamily,
  ToolTagParser,
  taggedCallStarts,
  taggedCalls,
} from "@puna/model-format";
import type { Tool } from "@puna/protocol";
import type { AnswerReading } from "./model-prompt.ts";

/** How a model writes answers and calls of tools, told by the template in its file. */
export interface CallFormat {
  /** What else is in markup, which is then read with or without tools. */
  readonly marks: "calls" | "text" | "text-and-thinking";
  /** What ends thinking that the model forgot to close, where calls do. */
  interruptions(tools: readonly Tool[]): readonly string[];
  preservedTokens(tools: readonly Tool[]): readonly string[];
  /** @returns undefined where the text is the answer: without tools to call, as a rule */
  parser(reading: Pick<AnswerReading, "tools" | "lastMessage">): OutputParser | undefined;
}

interface Markup {
  /** Itself, or its name in the registry. */
  readonly family: OutputParserFamily | string;
  /** The template has all of them. */
  readonly words: readonly string[];
  readonly marks?: CallFormat["marks"];
}

/** Formats that are more than calls in JSON or tags, and the family whose parser reads them. */
const markups: readonly Markup[] = [
  {
    family: "harmony",
    words: ["<|channel|>", "<|message|>"],
    marks: "text-and-thinking",
  },
  {
    family: "glimmer",
    words: ["<atem:function_calls>", "<|eom|>"],
    marks: "text-and-thinking",
  },
  { family: functionary, words: [">>>all", ">>>$"], marks: "text" },
  { family: "cohere", words: ["<|START_ACTION|>", "tool_name"], marks: "text" },
  {
    family: "cogito",
    words: ["<｜tool▁calls▁begin｜>", "<｜tool▁sep｜>", "```json"],
  },
  { family: "deepseek3", words: ["<｜tool▁calls▁begin｜>", "<｜tool▁sep｜>"] },
  { family: "gemma4-no-thinking", words: ["<|tool_call>call:"] },
  { family: "lfm2", words: ["<|tool_call_start|>"] },
  { family: "lfm2", words: ["<|tool_list_start|>"] },
];

/** Tags around arguments, where the template does not show them. */
const unseen: readonly Markup[] = [
  { family: "qwen3-coder", words: ["<tool_call>", "<function=", "<parameter="] },
  { family: "glm-ocr", words: ["<tool_call>", "<arg_key>", "<arg_value>"] },
];

/** Words of templates whose models call tools before they have closed their thinking. */
const forgetful: readonly (readonly string[])[] = [
  ["<tool_call>", "<function=", "<parameter="],
  ["<|tool_calls_section_begin|>", "<|tool_call_begin|>"],
  ["dsml_token"],
  ["<role>ASSISTANT</role>", "<arg_key>"],
];

/** What begins a call in JSON, where the template does not show it; the first that it names counts. */
const tags: readonly string[] = [
  "<|tool_calls_section_begin|>",
  "<TOOLCALL>",
  "<tool_calls>",
  "<tool_call>",
  "[TOOL_CALLS]",
  "<|tool_call|>",
  "<function_call>",
  "functools[",
  "<function=",
];

/**
 * @param template  the words of the template
 * @param shape  what it writes for a call
 */
export function callFormat(template: string, shape?: CallShape): CallFormat {
  const has = (words: readonly string[]) => words.every((word) => template.includes(word));
  const known = shape === undefined ? [...markups, ...unseen] : markups;
  const markup = known.find(({ words }) => has(words));
  const family = typeof markup?.family === "string" ? outputParserFamily(markup.family) : markup?.family;
  if (family !== undefined) return markupFormat(family, markup?.marks ?? "calls");
  const isForgetful = forgetful.some(has);
  if (shape?.type === "tagged") {
    const starts = isForgetful ? taggedCallStarts(shape) : [];
    return toolFormat(shape.tokens, starts, (tools) => taggedCalls(shape, tools));
  }
  const tag = shape?.tag ?? tags.find((known) => template.includes(known)) ?? "";
  if (tag === "") return toolFormat([], [], bareJsonCalls);
  const parser = (tools: readonly Tool[]) => new ToolTagParser(tag, tools, false);
  return toolFormat([tag, ...(shape?.tokens ?? [])], isForgetful ? [tag] : [], parser);
}

function markupFormat(family: OutputParserFamily, marks: CallFormat["marks"]): CallFormat {
  const reads = (tools: readonly Tool[]) => tools.length > 0 || marks !== "calls";
  // Elsewhere it was read before.
  const think = marks === "text-and-thinking";
  return {
    marks,
    interruptions: () => [],
    preservedTokens: (tools) => (reads(tools) ? family.preservedTokens : []),
    parser: ({ tools, lastMessage }) =>
      reads(tools)
        ? family.create({ tools, think, failsAsText: true, ...(lastMessage && { lastMessage }) })
        : undefined,
  };
}

/** A format that says something only where there are tools to call. */
function toolFormat(
  tokens: readonly string[],
  interruptions: readonly string[],
  parser: (tools: readonly Tool[]) => OutputParser,
): CallFormat {
  const isOffered = (tools: readonly Tool[]) => tools.length > 0;
  return {
    marks: "calls",
    interruptions: (tools) => (isOffered(tools) ? interruptions : []),
    preservedTokens: (tools) => (isOffered(tools) ? tokens : []),
    parser: ({ tools }) => (isOffered(tools) ? parser(tools) : undefined),
  };
}
