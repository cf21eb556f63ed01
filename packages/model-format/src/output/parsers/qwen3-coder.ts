import type { Tool } from "@puna/protocol";
import { orderedRecord } from "@puna/protocol";
import { coerceArgument, parameterSchema } from "../coerce-arguments.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody, leadingTag, skipBlanks } from "./reading/collect.ts";
import type { JsonCall } from "./reading/json-call.ts";
import { MarkupError, type MarkupRules, parseMarkup } from "./reading/markup.ts";
import { continuesText, findTool, wantsThinking } from "./reading/request.ts";
import { type State, streamParser } from "./reading/stream-parser.ts";
import { trimLineFeed } from "./reading/trim-line-feed.ts";

const thinkOpen = "<think>";
const thinkClose = "</think>";
const toolOpen = "<tool_call>";
const toolClose = "</tool_call>";

const markup: MarkupRules = {
  pattern: /<(\/?)(function|parameter)(?:=([^>]+)|\s+name="([^"]*)")?>/g,
  toTag: ([, slash, name, value, quoted]) => ({
    name: name ?? "",
    attribute: value ?? quoted ?? "",
    closes: slash === "/",
  }),
  first: "function",
};

/** Answer with calls as `<function=N><parameter=K>V</parameter></function>` in `<tool_call>`. */
function contentWithXmlCalls(tools: readonly Tool[]): State {
  const tool = collectBody(toolClose, (reader, body) => {
    try {
      const call = readXmlCall(body, tools);
      reader.call(call.name, call.arguments);
    } catch (error) {
      if (error instanceof MarkupError) reader.fail(error.message, error);
      throw error;
    }
    return skipBlanks(() => content);
  });
  const content: State = collect({ into: "text", tags: { [toolOpen]: () => tool }, atEnd: "drop" });
  return content;
}

/**
 * Reads one call in markup; its arguments get the types of the tool's schema.
 * @throws MarkupError when tags do not match or no function is named
 */
export function readXmlCall(body: string, tools: readonly Tool[]): JsonCall {
  const call = parseMarkup(body, markup);
  const name = call.attribute;
  if (name === "") throw new MarkupError("empty function name");
  const tool = findTool(tools, name);
  const entries = call.children
    .filter((child) => child.name === "parameter")
    .map(({ attribute, text }): [string, unknown] => [
      attribute,
      coerceArgument(trimLineFeed(text), parameterSchema(tool, attribute)),
    ]);
  return { name, arguments: orderedRecord(entries) };
}

/** Qwen3-Coder: XML-like calls, no thinking. */
export const qwen3Coder: OutputParserFamily = {
  hasThinking: false,
  hasTools: true,
  preservedTokens: [toolOpen, toolClose],
  create: ({ tools = [], failsAsText = false }) => streamParser(contentWithXmlCalls(tools), { failsAsText }),
};

/**
 * Qwen3.5, Ornith and Nemotron Nano: Qwen3-Coder's calls after thinking that the prompt has begun.
 * Some checkpoints write `<think>` once more, some forget `</think>` before a call.
 * @param trimsForgetful  drop the blanks that begin a call inside of thinking; error texts count lines from there
 */
export function thinkingThenXmlCalls(trimsForgetful: boolean): OutputParserFamily {
  return {
    hasThinking: true,
    hasTools: true,
    preservedTokens: [thinkOpen, thinkClose, toolOpen, toolClose],
    create({ tools = [], think, lastMessage }) {
      const content = contentWithXmlCalls(tools);
      if (!wantsThinking(think, true) || continuesText(lastMessage)) return streamParser(content);
      const thinking = thinkingBeforeCalls(content, trimsForgetful);
      const to = () => thinking;
      return streamParser(leadingTag(thinkOpen, { found: to, missing: to, atEnd: "drop" }));
    },
  };
}

function thinkingBeforeCalls(content: State, trims: boolean): State {
  // The call is the answer's first part: put its tag back and let the answer's stage find it.
  const call: State = (reader) => {
    reader.putBack(toolOpen);
    return content;
  };
  return collect({
    into: "thinking",
    tags: {
      [thinkClose]: () => skipBlanks(() => content),
      [toolOpen]: () => (trims ? skipBlanks(() => call) : call),
    },
    atEnd: "drop",
  });
}
