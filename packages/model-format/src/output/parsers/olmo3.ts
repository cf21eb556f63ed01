import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { Olmo3ArgumentError, readOlmo3Arguments } from "./olmo3-arguments.ts";
import { collect, collectBody, everything, skipBlanks } from "./reading/collect.ts";
import { continuesText } from "./reading/request.ts";
import { type CallArguments, streamParser } from "./reading/stream-parser.ts";
import { pythonQuotes, splitTopLevel } from "./reading/top-level.ts";

const thinkClose = "</think>";
const callsOpen = "<function_calls>";
const callsClose = "</function_calls>";

/** Olmo 3: one block of Python-like calls, one a line; what follows the block is answer. */
export const olmo3: OutputParserFamily = {
  hasThinking: false,
  hasTools: true,
  preservedTokens: [callsOpen, callsClose],
  create() {
    const calls = collectBody(callsClose, (reader, body) => {
      for (const { name, values } of readCalls(body)) reader.call(name, values);
      return everything;
    });
    return streamParser(
      collect({ into: "text", tags: { [callsOpen]: { to: () => calls, trimBefore: false } }, atEnd: "keep" }),
    );
  },
};

/** All calls of a block, or none when one of them cannot be read. */
function readCalls(body: string): readonly { readonly name: string; readonly values: CallArguments }[] {
  try {
    // Texts may go over several lines; a bracket that is missing must not make one call of two.
    return splitTopLevel(body, "\n", pythonQuotes, "")
      .map(trimSpace)
      .filter((line) => line !== "")
      .map((line) => {
        const match = /^(\w+)\((.*)\)$/s.exec(line);
        if (match === null) throw new Olmo3ArgumentError("expected name(…)");
        return { name: match[1] ?? "", values: readOlmo3Arguments(match[2] ?? "") };
      });
  } catch (error) {
    if (error instanceof Olmo3ArgumentError) return [];
    throw error;
  }
}

/** Olmo 3 Think: always thinks first, knows no tools. */
export const olmo3Think: OutputParserFamily = {
  hasThinking: true,
  hasTools: false,
  preservedTokens: [thinkClose],
  create: ({ lastMessage }) =>
    streamParser(
      continuesText(lastMessage)
        ? everything
        : collect({
            into: "thinking",
            tags: { [thinkClose]: () => skipBlanks(() => everything) },
            atEnd: "drop",
          }),
    ),
};
