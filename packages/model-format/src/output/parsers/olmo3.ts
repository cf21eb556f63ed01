import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody, everything, skipBlanks } from "./reading/collect.ts";
import {
  PythonCallError,
  type PythonRules,
  pythonQuotes,
  readKeywordArguments,
} from "./reading/python-call.ts";
import { continuesText } from "./reading/request.ts";
import { type CallArguments, streamParser } from "./reading/stream-parser.ts";
import { splitTopLevel } from "./reading/top-level.ts";

const thinkClose = "</think>";
const callsOpen = "<function_calls>";
const callsClose = "</function_calls>";

const rules: PythonRules = { unquote: unescapeText, nulls: ["null", "None", "nil"], bareWords: true };

function unescapeText(inner: string): string {
  const meanings: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return inner.replace(/\\([\\"'ntr])/g, (_, letter: string) => meanings[letter] ?? letter);
}

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
    return splitTopLevel(body, "\n", pythonQuotes)
      .map(trimSpace)
      .filter((line) => line !== "")
      .map((line) => {
        const match = /^(\w+)\((.*)\)$/s.exec(line);
        if (match === null) throw new PythonCallError("expected name(…)");
        return { name: match[1] ?? "", values: readKeywordArguments(match[2] ?? "", rules) };
      });
  } catch (error) {
    if (error instanceof PythonCallError) return [];
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
