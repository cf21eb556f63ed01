import type { Tool } from "@puna/protocol";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody, skipBlanks } from "./reading/collect.ts";
import { growthGate } from "./reading/growth-gate.ts";
import { JsonCallError, readArguments } from "./reading/json-call.ts";
import { findTool } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";
import { balancedJsonEnd } from "./reading/top-level.ts";

const callsTag = "[TOOL_CALLS]";
const argumentsTag = "[ARGS]";
const thinkOpen = "[THINK]";
const thinkClose = "[/THINK]";

/** Ministral: `[TOOL_CALLS]N[ARGS]{…}`, of declared tools only; `[THINK]` wherever the model writes it. */
export const ministral: OutputParserFamily = {
  hasThinking: false,
  hasTools: true,
  preservedTokens: [callsTag, thinkOpen, thinkClose, argumentsTag],
  create({ tools = [] }) {
    const content: State = collect({
      into: "text",
      tags: { [callsTag]: () => name, [thinkOpen]: () => thinking },
      atEnd: "drop",
    });
    const thinking = collect({
      into: "thinking",
      tags: { [thinkClose]: { to: () => skipBlanks(() => content), trimBefore: false } },
      atEnd: "drop",
    });
    const name = collectBody(argumentsTag, (_, body) => callArguments(body));
    const callArguments = (toolName: string): State => {
      const grown = growthGate(/[}\]]/);
      return (reader) => {
        const end = grown(reader) ? balancedJsonEnd(reader.text) : undefined;
        if (end === undefined) return undefined;
        emit(reader, tools, toolName, reader.take(end));
        return content;
      };
    };
    return streamParser(content);
  },
};

function emit(reader: Reader, tools: readonly Tool[], name: string, json: string): void {
  if (findTool(tools, name) === undefined) reader.fail(`tool '${name}' not found`);
  try {
    reader.call(name, readArguments(json));
  } catch (error) {
    if (error instanceof JsonCallError) reader.fail(error.message, error);
    throw error;
  }
}
