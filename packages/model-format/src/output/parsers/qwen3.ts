import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody, leadingTag, skipBlanks } from "./reading/collect.ts";
import { JsonCallError, readJsonCall } from "./reading/json-call.ts";
import { continuesText, wantsThinking } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";

const thinkOpen = "<think>";
const thinkClose = "</think>";
const toolOpen = "<tool_call>";
const toolClose = "</tool_call>";

interface CallRules {
  /** What the reason begins with when a call cannot be read. */
  readonly blame: string;
  readonly needsName: boolean;
}

/** Emits the call in `{"name": …, "arguments": {…}}`. */
function emitCall(reader: Reader, body: string, { blame, needsName }: CallRules): void {
  try {
    const call = readJsonCall(body);
    if (needsName && call.name === "") reader.fail("empty function name");
    reader.call(call.name, call.arguments);
  } catch (error) {
    if (error instanceof JsonCallError) reader.fail(`${blame}${error.message}`, error);
    throw error;
  }
}

/** Answer with calls in it; a call inside thinking ends the thinking. */
function stages(emit: (reader: Reader, body: string) => void): {
  readonly content: State;
  readonly thinking: State;
} {
  const tool = collectBody(toolClose, (reader, body) => {
    emit(reader, body);
    return skipBlanks(() => content);
  });
  const content: State = collect({ into: "text", tags: { [toolOpen]: () => tool }, atEnd: "drop" });
  const thinking = collect({
    into: "thinking",
    tags: { [thinkClose]: () => skipBlanks(() => content), [toolOpen]: () => tool },
    atEnd: "drop",
  });
  return { content, thinking };
}

/**
 * Qwen3: calls are JSON in `<tool_call>`. The thinking kind's prompt ends inside `<think>`,
 * yet some checkpoints write the tag once more.
 */
export function qwen3(thinks: boolean): OutputParserFamily {
  return {
    hasThinking: thinks,
    hasTools: true,
    preservedTokens: [thinkOpen, thinkClose, toolOpen, toolClose],
    create({ think }) {
      const { content, thinking } = stages((reader, body) =>
        emitCall(reader, trimSpace(body), { blame: "failed to parse JSON: ", needsName: true }),
      );
      if (!thinks || !wantsThinking(think, true)) return streamParser(content);
      const to = () => thinking;
      return streamParser(leadingTag(thinkOpen, { found: to, missing: to, atEnd: "drop" }));
    },
  };
}

/**
 * Qwen3-VL: as Qwen3, but the thinking kind always thinks first and never repeats the tag, and a call
 * without a name goes to the client, which can tell the model what was wrong.
 */
export function qwen3Vl(thinks: boolean): OutputParserFamily {
  return {
    hasThinking: thinks,
    hasTools: true,
    preservedTokens: [thinkClose, toolOpen, toolClose],
    create({ lastMessage }) {
      const { content, thinking } = stages((reader, body) =>
        emitCall(reader, body, { blame: "", needsName: false }),
      );
      return streamParser(thinks && !continuesText(lastMessage) ? thinking : content);
    },
  };
}
