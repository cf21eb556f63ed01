import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody, skipBlanks, type Tags } from "./reading/collect.ts";
import { JsonCallError, readArguments } from "./reading/json-call.ts";
import { continuesText, wantsThinking } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";

const thinkClose = "</think>";
const callsBegin = "<｜tool▁calls▁begin｜>";
const callsEnd = "<｜tool▁calls▁end｜>";
const callBegin = "<｜tool▁call▁begin｜>";
const callEnd = "<｜tool▁call▁end｜>";
const separator = "<｜tool▁sep｜>";
const outputBegin = "<｜tool▁output▁begin｜>";
const outputEnd = "<｜tool▁output▁end｜>";
const outputsBegin = "<｜tool▁outputs▁begin｜>";
const outputsEnd = "<｜tool▁outputs▁end｜>";

interface WrittenCall {
  readonly name: string;
  readonly json: string;
}

interface Dialect {
  readonly read: (body: string) => WrittenCall | undefined;
  /** Adds what a tool's result, should the model make one up, is taken for. */
  readonly output: (content: () => State) => Tags;
}

function stages({ read, output }: Dialect): { readonly content: State; readonly thinking: State } {
  const content: State = collect({
    into: "text",
    tags: { [callsBegin]: () => calls, ...output(() => content) },
    atEnd: "keep",
  });
  const calls: State = collect({
    into: "nothing",
    tags: { [callBegin]: () => call, [callsEnd]: () => skipBlanks(() => content) },
    atEnd: "drop",
  });
  const call: State = collectBody([callEnd, callsEnd], (reader, body, close) => {
    if (close === callsEnd) return skipBlanks(() => content);
    emit(reader, read(body));
    return calls;
  });
  const thinking = collect({
    into: "thinking",
    tags: { [thinkClose]: () => skipBlanks(() => content) },
    atEnd: "drop",
  });
  return { content, thinking };
}

/** A call that cannot be read is left out, as there is nothing a client could do with it. */
function emit(reader: Reader, call: WrittenCall | undefined): void {
  if (call === undefined) return;
  try {
    reader.call(call.name, readArguments(call.json));
  } catch (error) {
    if (!(error instanceof JsonCallError)) throw error;
  }
}

/** DeepSeek V3.1: `N<｜tool▁sep｜>JSON`. A made-up tool result stays in the answer without its tags. */
export const deepseek3: OutputParserFamily = {
  hasThinking: true,
  hasTools: true,
  preservedTokens: [thinkClose, callsBegin, callsEnd, callBegin, callEnd, separator, outputBegin, outputEnd],
  create({ think, lastMessage }) {
    const { content, thinking } = stages({
      read(body) {
        const at = body.indexOf(separator);
        if (at === -1) return undefined;
        return { name: trimSpace(body.slice(0, at)), json: trimSpace(body.slice(at + separator.length)) };
      },
      output: (to) => {
        const result = collectBody(outputEnd, (reader, body) => {
          reader.emit("text", body);
          return to();
        });
        return { [outputBegin]: { to: () => result, trimBefore: false } };
      },
    });
    const thinks = wantsThinking(think, false) && !continuesText(lastMessage);
    return streamParser(thinks ? thinking : content);
  },
};

const fenced = /^(.*?)\n```json\n(.*?)\n```/s;

/** Cogito: DeepSeek's tokens around `function<｜tool▁sep｜>N` and a fence. Tools offered turn thinking off. */
export const cogito: OutputParserFamily = {
  hasThinking: true,
  hasTools: true,
  preservedTokens: /* @__PURE__ */ deepseek3.preservedTokens.concat(outputsBegin, outputsEnd),
  create({ tools = [], think, lastMessage }) {
    const { content, thinking } = stages({
      read(body) {
        const at = body.indexOf(separator);
        const match = at === -1 ? null : fenced.exec(body.slice(at + separator.length));
        return match === null ? undefined : { name: trimSpace(match[1] ?? ""), json: match[2] ?? "" };
      },
      output: (to) => {
        const results = collectBody(outputsEnd, () => skipBlanks(to));
        return { [outputsBegin]: () => results };
      },
    });
    const thinks = wantsThinking(think, false) && !continuesText(lastMessage) && tools.length === 0;
    return streamParser(thinks ? thinking : content);
  },
};
