import type { Tool } from "@puna/protocol";
import { trimSpace } from "../../prompt/renderers/trim-space.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { lfm2CallsClose as callsClose, mayBecomeLfm2Calls, readLfm2Calls } from "./lfm2-calls.ts";
import { collect, collectBody, leadingTag, skipBlanks } from "./reading/collect.ts";
import { growthGate } from "./reading/growth-gate.ts";
import { continuesText, wantsThinking } from "./reading/request.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";

const thinkOpen = "<think>";
const thinkClose = "</think>";
const callsOpen = "<|tool_call_start|>";

/** LFM2: Python-like calls in a list. The thinking kind decides by a leading `<think>`, if thinking is asked for. */
export function lfm2(thinks: boolean): OutputParserFamily {
  return {
    hasThinking: thinks,
    hasTools: true,
    preservedTokens: [thinkOpen, thinkClose, callsOpen, callsClose],
    create({ tools = [], think, lastMessage }) {
      const content = contentWithCalls(tools);
      if (!thinks || !wantsThinking(think, false) || continuesText(lastMessage)) return streamParser(content);
      const thinking = collect({
        into: "thinking",
        tags: { [thinkClose]: () => skipBlanks(() => content) },
        atEnd: "drop",
      });
      const to = () => thinking;
      const repeated = leadingTag(thinkOpen, { found: to, missing: to, atEnd: "drop" });
      return streamParser(
        leadingTag(thinkOpen, {
          found: () => repeated,
          missing: () => content,
          trimWhenMissing: true,
          atEnd: "keep",
        }),
      );
    },
  };
}

function contentWithCalls(tools: readonly Tool[]): State {
  const names = tools.map((tool) => tool.function.name);
  const content: State = collect({ into: "text", tags: { [callsOpen]: () => calls }, atEnd: "keep" });
  const calls = collectBody(callsClose, (reader, body) => {
    emitCalls(reader, body);
    return skipBlanks(() => content);
  });
  if (tools.length === 0) return content;

  /** Some answers are nothing but a call without its tags; only to declared tools, so prose is safe. */
  const grown = growthGate(/[)\]>]/);
  return (reader) => {
    if (!grown(reader)) return undefined;
    const tagged = reader.text.includes(callsOpen);
    if (tagged || !mayBecomeLfm2Calls(reader.text, names)) return content;
    if (!reader.ended) return undefined;
    const text = trimSpace(reader.text);
    const bare = text.endsWith(callsClose) ? text.slice(0, -callsClose.length) : text;
    const found = readLfm2Calls(bare) ?? [];
    if (found.length === 0 || found.some(({ name }) => !names.includes(name))) return content;
    reader.takeAll();
    for (const call of found) reader.call(call.name, call.arguments);
    return undefined;
  };
}

function emitCalls(reader: Reader, body: string): void {
  // Some write the opening tag twice.
  const text = trimSpace(body);
  const calls = text.startsWith(callsOpen) ? text.slice(callsOpen.length) : text;
  for (const call of readLfm2Calls(calls) ?? []) reader.call(call.name, call.arguments);
}
