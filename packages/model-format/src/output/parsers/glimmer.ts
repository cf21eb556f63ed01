import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { atemClose, atemOpen, GlimmerTools, invokedName, readAtem } from "./glimmer-call.ts";
import { collect, type TagRule } from "./reading/collect.ts";
import { growthGate } from "./reading/growth-gate.ts";
import { MarkupError } from "./reading/markup.ts";
import { wantsThinking } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";

const start = "<|start|>";
const message = "<|message|>";
const messageEnd = "<|eom|>";
const turnEnd = "<|eot|>";
const assistant = `${start}assistant`;

/** Glimmer: messages addressed to `self` (thinking), `user` (answer) or a tool (ATEM markup). */
export const glimmer: OutputParserFamily = {
  hasThinking: true,
  hasTools: true,
  preservedTokens: [start, message, messageEnd, turnEnd],
  create({ tools: declared = [], think, failsAsText = false }) {
    const tools = new GlimmerTools(declared);
    const header: State = (reader) => {
      if (reader.text.startsWith(assistant)) reader.take(assistant.length);
      else if (assistant.startsWith(reader.text) && !reader.ended) return undefined;
      return recipient;
    };
    const recipient: State = (reader) => {
      const index = reader.text.indexOf(message);
      if (index === -1) {
        if (reader.ended) reader.emit("text", reader.takeAll());
        return undefined;
      }
      const to = trimSpace(trimSpace(reader.take(index)).replace(/^to=/, ""));
      reader.take(message.length);
      if (to === "self") return thinking;
      return tools.resolve(to) === undefined ? contentStart : toolBody(to);
    };

    const ends = messageEnds(tools, () => header);
    const thinking = collect({
      into: wantsThinking(think, true) ? "thinking" : "nothing",
      tags: ends,
      atEnd: "keep",
    });
    const content = collect({ into: "text", tags: ends, atEnd: "keep" });
    /** Calls may be addressed to anyone by mistake: what begins like one is read as one if it can be. */
    const contentStart: State = (reader) => {
      const text = reader.text.replace(/^[ \t\r\n]+/, "");
      if (tools.size === 0) return content;
      if (text.startsWith(atemOpen)) return looseBody();
      return atemOpen.startsWith(text) && !reader.ended ? undefined : content;
    };
    const looseBody = () =>
      heldBody(ends, (reader, body) => {
        callOrText(reader, body, tools);
        return header;
      });
    const toolBody = (to: string) =>
      heldBody(ends, (reader, body) => {
        emitCall(reader, body, to, tools);
        return header;
      });
    return streamParser(header, { failsAsText });
  },
};

/** What ends a message: a tag of its own, or the header of the next one, which is left to be read. */
function messageEnds(tools: GlimmerTools, header: () => State): Readonly<Record<string, TagRule>> {
  const next = ["", ...["self", "user", ...tools.names].map((to) => ` to=${to}`)];
  const end: TagRule = { to: header, trimBefore: false };
  return Object.fromEntries([
    [messageEnd, end],
    [turnEnd, end],
    ...next.map((to) => [`${assistant}${to}${message}`, { ...end, leave: true }]),
  ]);
}

/** Collects a whole message whose markup may hold anything, so that its end counts only behind the markup. */
function heldBody(
  ends: Readonly<Record<string, TagRule>>,
  done: (reader: Reader, body: string) => State,
): State {
  const grown = growthGate(/>/);
  return (reader) => {
    if (!grown(reader)) return undefined;
    const markupEnd = reader.text.indexOf(atemClose);
    const found =
      markupEnd === -1
        ? []
        : Object.entries(ends)
            .map(([tag, { leave }]) => ({
              at: reader.text.indexOf(tag, markupEnd),
              length: leave ? 0 : tag.length,
            }))
            .filter(({ at }) => at !== -1)
            .sort((a, b) => a.at - b.at);
    const end = found[0] ?? (reader.ended ? { at: reader.text.length, length: 0 } : undefined);
    if (end === undefined) return undefined;
    const body = reader.take(end.at);
    reader.take(end.length);
    return done(reader, body);
  };
}

function callOrText(reader: Reader, body: string, tools: GlimmerTools): void {
  const name = tools.resolve(invokedName(body) ?? "");
  try {
    if (name !== undefined) {
      const { values } = readAtem(body, tools.get(name));
      reader.call(name, values);
      return;
    }
  } catch (error) {
    if (!(error instanceof MarkupError)) throw error;
  }
  reader.emit("text", body);
}

function emitCall(reader: Reader, body: string, to: string, tools: GlimmerTools): void {
  const name = tools.resolve(to) ?? to;
  try {
    const call = readAtem(body, tools.get(name));
    if (tools.resolve(call.name) !== name) {
      const names = `${JSON.stringify(to)} does not match ATEM invoke ${JSON.stringify(call.name)}`;
      reader.fail(`Glimmer recipient ${names}`);
    }
    reader.call(name, call.values);
  } catch (error) {
    if (error instanceof MarkupError) reader.fail(`parse Glimmer call to ${to}: ${error.message}`, error);
    throw error;
  }
}
