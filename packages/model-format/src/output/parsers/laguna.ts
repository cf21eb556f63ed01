import type { Tool } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { readLagunaCall } from "./laguna-call.ts";
import { looseLagunaCalls } from "./laguna-loose.ts";
import { collect, collectBody, leadingTag, type Next, skipBlanks } from "./reading/collect.ts";
import { JsonCallError } from "./reading/json-call.ts";
import { wantsThinking } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";

const thinkOpen = "<think>";
const thinkClose = "</think>";
const toolOpen = "<tool_call>";
const toolClose = "</tool_call>";

/**
 * Laguna: calls in `<tool_call>` with argument tags or as JSON; with tools offered also bare JSON and
 * calls in `<user>`. Thinking, off by default, may come back in the middle of an answer.
 * @param continues  the prompt goes on with the last assistant message instead of beginning a new one
 */
export function laguna(continues: boolean): OutputParserFamily {
  return {
    hasThinking: true,
    hasTools: true,
    preservedTokens: [
      thinkOpen,
      thinkClose,
      toolOpen,
      toolClose,
      "<user>",
      "</user>",
      "<arg_key>",
      "</arg_key>",
      "<arg_value>",
      "</arg_value>",
    ],
    create({ tools = [], think, lastMessage }) {
      const shows = wantsThinking(think, false);
      const { answer, thinking } = stages(tools, shows);
      if (!shows || (continues && lastMessage?.role === "assistant")) return streamParser(answer);
      const to = () => thinking;
      return streamParser(
        leadingTag(thinkOpen, { found: to, missing: to, trimWhenMissing: true, atEnd: "keep" }),
      );
    },
  };
}

function stages(
  tools: readonly Tool[],
  shows: boolean,
): { readonly answer: State; readonly thinking: State } {
  const toAnswer: Next = () => answer;
  const content: State = collect({
    into: "text",
    tags: {
      [thinkOpen]: { to: () => skipBlanks(() => thinking), trimBefore: false },
      [toolOpen]: () => tool,
      ...looseLagunaCalls({
        tools,
        content: () => content,
        called: () => afterBareCall,
        stops: [thinkOpen, toolOpen],
      }),
    },
    atEnd: "trim",
  });
  // A stray end of thinking counts for nothing where a part of the answer begins.
  const afterStray = leadingTag(thinkClose, { found: toAnswer, missing: () => content, atEnd: "keep" });
  const answer: State = skipBlanks(() => afterStray);
  /** Bare JSON lacks the opening tag of a call, but not always the closing one. */
  const afterBareCall = leadingTag(toolClose, { found: toAnswer, missing: toAnswer, atEnd: "keep" });
  const thinking = collect({
    into: shows ? "thinking" : "nothing",
    tags: { [thinkClose]: toAnswer, [toolOpen]: () => tool },
    atEnd: "trim",
  });
  const tool = collectBody(
    toolClose,
    (reader, body) => {
      emit(reader, body, tools);
      return answer;
    },
    (reader, body) => {
      if (trimSpace(body) !== "") emit(reader, body, tools);
    },
  );
  return { answer, thinking };
}

function emit(reader: Reader, body: string, tools: readonly Tool[]): void {
  try {
    const call = readLagunaCall(body, tools);
    reader.call(call.name, call.arguments);
  } catch (error) {
    if (error instanceof JsonCallError) reader.fail(error.message, error);
    throw error;
  }
}
