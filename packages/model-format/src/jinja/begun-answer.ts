import type { Message } from "@puna/protocol";
import type { ThinkingFrame } from "./thinking-frame.ts";

/** What stands before thinking and before the answer where a begun answer goes on. */
export interface AnswerFrame extends ThinkingFrame {
  /** Without thinking its opening is left out. */
  readonly leavesEmptyOut?: boolean;
}

interface FixedFrame extends AnswerFrame {
  /** The template has all of them. */
  readonly words: readonly string[];
  /** The template has none of them. */
  readonly without?: readonly string[];
}

/**
 * Formats in which other words than those around thinking lead to the answer.
 * @source llama.cpp common/parsers: what each of them goes on from
 */
const fixedFrames: readonly FixedFrame[] = [
  {
    words: ["<|channel|>"],
    opening: "<|channel|>analysis<|message|>",
    closing: "<|end|><|start|>assistant<|channel|>final<|message|>",
  },
  {
    words: ["<atem:function_calls>", "<|eom|>"],
    opening: " to=self<|message|>",
    closing: "<|eom|><|start|>assistant to=user<|message|>",
  },
  { words: [">>>all", ">>>$"], opening: "", closing: "all\n" },
  {
    words: ["<|open|>", "<|close|>", "<|end_of_msg|>"],
    opening: "<|open|>think<|sep|>",
    closing: "<|close|>think<|sep|><|open|>response<|sep|>",
  },
  {
    words: ["<|START_TEXT|>", "<|START_ACTION|>"],
    opening: "<|START_THINKING|>",
    closing: "<|END_THINKING|><|START_TEXT|>",
  },
  { words: ["<|tool_call>call:", "<|channel>"], opening: "<|channel>thought\n", closing: "<channel|>" },
  {
    words: ["dsml_token", "tool_calls"],
    without: ["function_calls"],
    opening: "<think>",
    closing: "</think>",
    leavesEmptyOut: true,
  },
  {
    words: ["<tool_call>", "<function=", "<parameter=", "<think>"],
    opening: "<think>\n",
    closing: "\n</think>\n\n",
  },
];

/** @param template  its words */
export function fixedBeginning(template: string): AnswerFrame | undefined {
  return fixedFrames.find(
    ({ words, without = [] }) =>
      words.every((word) => template.includes(word)) && !without.some((word) => template.includes(word)),
  );
}

/**
 * The beginning of an answer, behind thinking as its model writes it, even if nothing was thought.
 * @param opening  what the template begins an answer with
 */
export function continuation(
  opening: string,
  { thinking = "", content }: Message,
  frame: AnswerFrame | undefined,
): string {
  if (frame === undefined) return opening + content;
  // What a prompt opens, it may open without the blanks of earlier answers.
  const bare = { opening: frame.opening.trim(), closing: frame.closing.trim() };
  const isBare = !opening.includes(frame.opening) && opening.includes(bare.opening);
  const tags = isBare ? bare : frame;
  const at = opening.indexOf(tags.opening);
  const before = frame.opening === "" || at === -1 ? opening : opening.slice(0, at);
  const isLeftOut = thinking === "" && frame.leavesEmptyOut === true;
  const thought = before + (isLeftOut ? "" : tags.opening) + thinking;
  return content === "" && thinking !== "" ? thought : thought + tags.closing + content;
}
