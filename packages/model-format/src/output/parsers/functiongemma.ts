import { orderedRecord } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody } from "./reading/collect.ts";
import { parseInteger, parseReal } from "./reading/go-numbers.ts";
import { type CallArguments, type State, streamParser } from "./reading/stream-parser.ts";
import { splitTopLevel } from "./reading/top-level.ts";

const callOpen = "<start_function_call>";
const callClose = "<end_function_call>";
const quote = "<escape>";

/** FunctionGemma: `call:N{k:<escape>v<escape>,n:1}` between call tokens, no thinking. */
export const functionGemma: OutputParserFamily = {
  hasThinking: false,
  hasTools: true,
  preservedTokens: [callOpen, callClose],
  create() {
    const content: State = collect({
      into: "text",
      tags: { [callOpen]: { to: () => call, trimBefore: false } },
      atEnd: "drop",
    });
    const call = collectBody(callClose, (reader, body) => {
      // A call without a name tells the client that one was meant. Arguments are in one line.
      const match = /call:([^{]+)\{(.*)\}/.exec(body);
      reader.call(match?.[1] ?? "", readEntries(match?.[2] ?? ""));
      return betweenCalls;
    });
    /** Blanks belong to the calls on both sides of them, but to the answer where an answer follows. */
    const betweenCalls: State = (reader) => {
      const blanks = reader.leadingBlanks;
      const rest = reader.text.slice(blanks);
      if (rest.startsWith(callOpen)) reader.take(blanks);
      else if (callOpen.startsWith(rest) && !reader.ended) return undefined;
      return content;
    };
    return streamParser(content);
  },
};

/** Reads `k:v,k:v`; keys and values are taken as they stand, blanks included. */
function readEntries(text: string): CallArguments {
  const entries = splitItems(text).flatMap((part): [string, unknown][] => {
    const colon = part.indexOf(":");
    return colon === -1 ? [] : [[part.slice(0, colon), readValue(part.slice(colon + 1))]];
  });
  return orderedRecord(entries);
}

function splitItems(text: string): readonly string[] {
  return splitTopLevel(text, ",", [quote], "[]{}").filter((part) => part !== "");
}

function readValue(text: string): unknown {
  if (text.length >= 2 * quote.length && text.startsWith(quote) && text.endsWith(quote)) {
    return text.slice(quote.length, -quote.length);
  }
  if (text === "true" || text === "false") return text === "true";
  const trimmed = trimSpace(text);
  const number = parseInteger(trimmed) ?? parseReal(trimmed);
  if (number !== undefined) return number;
  if (text.startsWith("[") && text.endsWith("]")) {
    const items = splitItems(text.slice(1, -1)).map(readValue);
    // Ollama hands a list of nothing on as no list at all.
    return items.length === 0 ? null : items;
  }
  if (text.startsWith("{") && text.endsWith("}")) return readEntries(text.slice(1, -1));
  return text;
}
