import type { Tool } from "@puna/protocol";
import { orderedRecord } from "@puna/protocol";
import { trimSpace, trimSpaceEnd } from "../../prompt/renderers/trim-space.ts";
import { coerceArgument, parameterSchema } from "../coerce-arguments.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { type GlmCall, readGlmCall, readWholeGlmCall } from "./glm-call.ts";
import { collect, collectBody, leadingTag, skipBlanks } from "./reading/collect.ts";
import { leadingSpaceLength, partialTagLength } from "./reading/hold-back.ts";
import { MarkupError } from "./reading/markup.ts";
import { findTool, wantsThinking } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";
import { trimLineFeed } from "./reading/trim-line-feed.ts";

const thinkOpen = "<think>";
const thinkClose = "</think>";
const toolOpen = "<tool_call>";
const toolClose = "</tool_call>";

/**
 * GLM: `<tool_call>N<arg_key>K</arg_key><arg_value>V</arg_value></tool_call>`, missing tags repaired.
 * @param thinksFirst  the prompt ends inside `<think>` unless thinking is off; otherwise a leading tag decides
 */
function glm(thinksFirst: boolean): OutputParserFamily {
  return {
    hasThinking: thinksFirst,
    hasTools: true,
    preservedTokens: [
      thinkOpen,
      thinkClose,
      toolOpen,
      toolClose,
      "<arg_key>",
      "</arg_key>",
      "<arg_value>",
      "</arg_value>",
    ],
    create({ tools = [], think, failsAsText = false }) {
      const { content, thinking } = stages(tools);
      if (thinksFirst && wantsThinking(think, true)) return streamParser(thinking, { failsAsText });
      return streamParser(
        leadingTag(thinkOpen, { found: () => thinking, missing: () => content, atEnd: "drop" }),
        { failsAsText },
      );
    },
  };
}

function stages(tools: readonly Tool[]): { readonly content: State; readonly thinking: State } {
  const tool = collectBody(
    toolClose,
    (reader, body) => {
      emit(reader, tools, () => readGlmCall(trimSpace(body)));
      return skipBlanks(() => content);
    },
    (reader, body) => {
      const half = partialTagLength(body, [toolClose]);
      const whole = half === 0 ? body : trimSpaceEnd(body.slice(0, body.length - half));
      emit(
        reader,
        tools,
        () => readWholeGlmCall(whole.slice(leadingSpaceLength(whole)), tools),
        "incomplete GLM tool call: ",
      );
    },
  );
  const content: State = collect({ into: "text", tags: { [toolOpen]: () => tool }, atEnd: "drop" });
  const thinking = collect({
    into: "thinking",
    tags: { [thinkClose]: () => skipBlanks(() => content) },
    atEnd: "drop",
  });
  return { content, thinking };
}

function emit(reader: Reader, tools: readonly Tool[], read: () => GlmCall, blame = ""): void {
  try {
    const { name, entries } = read();
    const tool = findTool(tools, name);
    const values = entries.map(([key, text]): [string, unknown] => [
      key,
      coerceArgument(trimLineFeed(text), parameterSchema(tool, key)),
    ]);
    reader.call(name, orderedRecord(values));
  } catch (error) {
    if (error instanceof MarkupError) reader.fail(`${blame}${error.message}`, error);
    throw error;
  }
}

export const glm47: OutputParserFamily = /* @__PURE__ */ glm(true);
export const glmOcr: OutputParserFamily = /* @__PURE__ */ glm(false);
