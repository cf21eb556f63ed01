import type { Tool } from "@puna/protocol";
import type { OutputParser } from "./output-parser.ts";
import { readLooseJson } from "./parsers/loose/loose-json.ts";
import { collect } from "./parsers/reading/collect.ts";
import { growthGate } from "./parsers/reading/growth-gate.ts";
import { type State, streamParser } from "./parsers/reading/stream-parser.ts";

/**
 * Finds calls that are written as JSON and nothing else, wherever the answer has them: `{"name": …, "parameters": …}`
 * of a tool that was offered. Other JSON is text, and is held back no longer than its first key.
 * @source llama.cpp common/chat-auto-parser-generator.cpp, which looks at the first `{` only
 */
export function bareJsonCalls(tools: readonly Tool[]): OutputParser {
  const content = (): State =>
    collect({
      into: "text",
      tags: { "{": { to: call, trimBefore: false, leave: true } },
      atEnd: "keep",
    });
  const call = (): State => {
    const grown = growthGate(/[}\]]/);
    return (reader) => {
      if (!grown(reader)) return undefined;
      const found = readLooseJson(reader.text, { tools, ended: reader.ended, tagged: false });
      if (found.type === "open") return undefined;
      if (found.type === "calls") {
        reader.take(found.end);
        for (const { name, arguments: values } of found.calls) reader.call(name, values);
        return between();
      }
      reader.emit("text", reader.take(found.type === "value" ? found.end : 1));
      return content();
    };
  };
  /** Blanks and a separator belong to the next call if there is one. */
  const between = (): State => (reader) => {
    const separator = /^[\s;,]*/.exec(reader.text)?.[0] ?? "";
    if (separator.length === reader.text.length && !reader.ended) return undefined;
    const isNext = reader.text.startsWith("{", separator.length);
    reader.take(isNext ? separator.length : reader.leadingBlanks);
    return isNext ? call() : content();
  };
  return streamParser(content());
}
