import type { OutputParserFamily } from "../output-parser.ts";
import { collect } from "./reading/collect.ts";
import { growthGate } from "./reading/growth-gate.ts";
import { JsonCallError, readArguments } from "./reading/json-call.ts";
import { continuesText, findTool } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";
import { balancedJsonEnd } from "./reading/top-level.ts";

const mark = ">>>";
const everybody = "all";

/**
 * Functionary 3.2: messages that begin with the name of whom they are for: `all`, or a tool that gets JSON. The prompt
 * ends with the first mark. What is for nobody known stays text, mark and all.
 */
export const functionary: OutputParserFamily = {
  hasThinking: false,
  hasTools: true,
  preservedTokens: [],
  create({ tools = [], lastMessage }) {
    const names = [everybody, ...tools.map((tool) => tool.function.name)];
    const content: State = collect({
      into: "text",
      tags: { [mark]: { to: () => recipient(mark), trimBefore: false } },
      atEnd: "keep",
    });
    /** @param written  what belongs to the text if nobody is named */
    const recipient =
      (written: string): State =>
      (reader) => {
        const line = reader.text.indexOf("\n");
        const name = names.find((known) => known === reader.text.slice(0, Math.max(0, line)));
        const mayGrow = line === -1 && !reader.ended && names.some((known) => known.startsWith(reader.text));
        if (name === undefined && mayGrow) return undefined;
        if (name === undefined) return asText(reader, written);
        reader.take(line + 1);
        return name === everybody && findTool(tools, everybody) === undefined
          ? content
          : call(name, `${written}${name}\n`);
      };
    const call = (name: string, written: string): State => {
      const grown = growthGate(/[}\]]/);
      return (reader) => {
        if (!grown(reader)) return undefined;
        const begins = reader.text.slice(reader.leadingBlanks);
        if (begins !== "" && !begins.startsWith("{")) return asText(reader, written);
        const end = balancedJsonEnd(begins);
        if (end === undefined) return reader.ended ? asText(reader, written) : undefined;
        try {
          reader.call(name, readArguments(begins.slice(0, end)));
        } catch (error) {
          if (!(error instanceof JsonCallError)) throw error;
          return asText(reader, written);
        }
        reader.take(reader.leadingBlanks + end);
        return afterCall;
      };
    };
    const afterCall: State = (reader) => {
      reader.take(reader.leadingBlanks);
      return reader.text === "" ? undefined : content;
    };
    const asText = (reader: Reader, text: string): State => {
      reader.emit("text", text);
      return content;
    };
    return streamParser(continuesText(lastMessage) ? content : recipient(""));
  },
};
