import type { Tool } from "@puna/protocol";
import type { OutputParserFamily } from "../output-parser.ts";
import { readGemmaCall } from "./gemma4-call.ts";
import { collect, collectBody, skipBlanks } from "./reading/collect.ts";
import { wantsThinking } from "./reading/request.ts";
import { type Reader, type Sink, type State, streamParser } from "./reading/stream-parser.ts";

const channelOpen = "<|channel>";
const channelClose = "<channel|>";
const callOpen = "<|tool_call>";
const callClose = "<tool_call|>";
const responseTag = "<|tool_response>";

/** Gemma 4: thinking in a `thought` channel, swallowed unless asked for; calls as `call:N{k:v}`. */
export function gemma4(thinks: boolean): OutputParserFamily {
  return {
    hasThinking: thinks,
    hasTools: true,
    preservedTokens: [channelOpen, channelClose, callOpen, callClose, responseTag, '<|"|>'],
    create({ tools = [], think, lastMessage }) {
      const shows = thinks && wantsThinking(think, false);
      const { content, thinking } = stages(tools, shows ? "thinking" : "nothing");
      // After a tool's result the model goes on inside the channel it was in.
      return streamParser(shows && lastMessage?.role === "tool" ? thinking : content);
    },
  };
}

function stages(tools: readonly Tool[], into: Sink): { readonly content: State; readonly thinking: State } {
  const content: State = collect({
    into: "text",
    tags: { [channelOpen]: () => channelName, [callOpen]: () => call },
    atEnd: "keep",
  });
  const thinking = collect({
    into,
    tags: { [channelClose]: () => skipBlanks(() => content) },
    atEnd: "keep",
  });
  const channelName: State = (reader) => {
    const name = "thought\n";
    if (reader.text.startsWith(name)) reader.take(name.length);
    else if (name.startsWith(reader.text) && !reader.ended) return undefined;
    return thinking;
  };
  const emit = (reader: Reader, body: string) => {
    const parsed = readGemmaCall(body, tools);
    if (parsed !== undefined) reader.call(parsed.name, parsed.arguments);
  };
  const call = collectBody(
    callClose,
    (reader, body) => {
      emit(reader, body);
      return afterCall;
    },
    emit,
  );
  /** Closing tags that the model repeats, and the tag of the answer that it expects, are no text. */
  const afterCall: State = (reader) => {
    reader.take(reader.leadingBlanks);
    const noise = [callClose, responseTag];
    const tag = noise.find((candidate) => reader.text.startsWith(candidate));
    if (tag !== undefined) {
      reader.take(tag.length);
      return afterCall;
    }
    if (noise.some((candidate) => candidate.startsWith(reader.text))) {
      if (reader.ended) reader.takeAll();
      return undefined;
    }
    return content;
  };
  return { content, thinking };
}
