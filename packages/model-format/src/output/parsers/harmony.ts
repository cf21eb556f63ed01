import type { Message } from "@puna/protocol";
import { readHarmonyHeader } from "../harmony/header.ts";
import { type HarmonyToolNames, harmonyToolNames } from "../harmony/tool-names.ts";
import type { OutputParserFamily } from "../output-parser.ts";
import { collect, collectBody } from "./reading/collect.ts";
import { partialTagLength } from "./reading/hold-back.ts";
import { JsonCallError, readArguments } from "./reading/json-call.ts";
import { type Reader, type State, streamParser } from "./reading/stream-parser.ts";

const start = "<|start|>";
const end = "<|end|>";
const message = "<|message|>";

/**
 * gpt-oss: messages in channels. `analysis` is thinking, anything addressed to someone is a call, the
 * rest is answer. A call ends the generation, so there is one at most, and only the end shows it whole.
 */
export const harmony: OutputParserFamily = {
  hasThinking: true,
  hasTools: true,
  preservedTokens: [start, end, message, "<|channel|>", "<|constrain|>"],
  create({ tools = [], lastMessage, failsAsText = false }) {
    const written: WrittenCall = { recipient: "", json: "" };
    const between = collect({ into: "nothing", tags: { [start]: () => header("") }, atEnd: "drop" });
    /** @param begun  what the prompt has already written of the header */
    const header = (begun: string): State =>
      collectBody(message, (_, text) => {
        const { channel, recipient } = readHarmonyHeader(begun + text);
        const calls = recipient !== "" && (channel === "analysis" || channel === "commentary");
        if (calls) written.recipient = recipient;
        if (calls) return callBody;
        return channel === "analysis" ? thinking : content;
      });
    const ends = { [end]: { to: () => between, trimBefore: false } };
    const content = collect({ into: "text", tags: ends, atEnd: "drop" });
    const thinking = collect({ into: "thinking", tags: ends, atEnd: "drop" });
    const callBody = collectBody(
      end,
      (_, body) => {
        written.json += body;
        return between;
      },
      (_, body) => {
        written.json += body.slice(0, body.length - partialTagLength(body, [end]));
      },
    );
    const first = { text: content, thinking, nothing: header("assistant") }[continued(lastMessage)];
    return streamParser(first, {
      failsAsText,
      atEnd: (reader) => emitCall(reader, written, harmonyToolNames(tools)),
    });
  },
};

interface WrittenCall {
  recipient: string;
  json: string;
}

/** Which part of the last message the prompt leaves open; otherwise it ends where a header begins. */
function continued(last: Message | undefined): "text" | "thinking" | "nothing" {
  if (last?.role !== "assistant") return "nothing";
  if (last.content !== "") return "text";
  return last.thinking === undefined || last.thinking === "" ? "nothing" : "thinking";
}

function emitCall(reader: Reader, { recipient, json }: WrittenCall, names: HarmonyToolNames): void {
  if (recipient === "") return;
  try {
    reader.call(names.toDeclared(recipient.replace(/^functions\./, "")), readArguments(json));
  } catch (error) {
    if (!(error instanceof JsonCallError)) throw error;
    reader.fail(`error parsing tool call: raw='${json}', err=${error.message}`, error);
  }
}
