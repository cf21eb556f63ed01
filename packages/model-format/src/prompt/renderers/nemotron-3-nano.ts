import type { Message } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { closeTurn, openTurn, turn } from "./chatml.ts";
import {
  callsOf,
  lastIndexOfRole,
  splitLeadingSystem,
  toolRun,
  wantsThinking,
} from "./conversation-parts.ts";
import { imageMarkers } from "./image-markers.ts";
import { nemotronToolOffer, templateValue } from "./nemotron-tools.ts";
import { trimSpace } from "./trim-space.ts";
import { xmlCall } from "./xml-tool-calls.ts";

type Version = "3.0" | "3.5";

/**
 * Nemotron 3 Nano: thinking on unless refused, by the request or by `/think` and `/no_think` in the text;
 * thinking of earlier questions is dropped from the history.
 * Version 3.5 obeys the request alone and notes a medium effort in the question.
 * @source chat templates of nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B and Nemotron 3.5; ollama model/renderers
 */
export function nemotronNano(version: Version): BuiltinRenderer {
  return { leadingBos: "", render: (conversation) => render(conversation, version) };
}

function render({ messages, tools = [], think }: Conversation, version: Version): string {
  const { system, rest } = splitLeadingSystem(messages);
  const instructions = [
    version === "3.0" ? withoutSwitches(system?.content ?? "") : (system?.content ?? ""),
    tools.length > 0 ? nemotronToolOffer(tools) : "",
  ];
  const thinking = version === "3.0" ? switchedThinking(messages, think) : wantsThinking(think, true);
  const question = lastIndexOfRole(rest, "user");
  const markImages = imageMarkers();
  const turns = rest.map((message, index) => {
    switch (message.role) {
      case "assistant":
        return turn("assistant", assistantText(message, { version, past: index < question }));
      case "user":
      case "system": {
        const content = markImages(message);
        if (version === "3.0") return turn(message.role, trimSpace(withoutSwitches(content)));
        const noted = think === "medium" && index === question;
        return turn(message.role, noted ? `${content}\n\n{reasoning effort: efficient}` : content);
      }
      case "tool":
        return toolResult(markImages(message), rest, index);
      default:
        return turn(message.role, message.content);
    }
  });
  const said = instructions.filter((part) => part !== "").join("\n\n");
  const answer = openTurn("assistant") + (thinking ? "<think>\n" : "<think></think>");
  return turn("system", said) + turns.join("") + answer;
}

/** The last word in the conversation wins: `/think` on, `/no_think` off. */
function switchedThinking(messages: readonly Message[], think: Conversation["think"]): boolean {
  let thinking = wantsThinking(think, true);
  for (const { role, content } of messages) {
    if (role !== "user" && role !== "system") continue;
    if (content.replaceAll("</think>", "").includes("/think")) thinking = true;
    else if (content.includes("/no_think")) thinking = false;
  }
  return thinking;
}

/** Text without the switches, which are for the renderer; a closing tag is not one. */
function withoutSwitches(text: string): string {
  const parts = text.split("</think>");
  return parts.map((part) => part.replaceAll("/think", "").replaceAll("/no_think", "")).join("</think>");
}

function assistantText(
  message: Message,
  { version, past }: { readonly version: Version; readonly past: boolean },
): string {
  const text = withThinking(message, version);
  const calls = callsOf(message).map((call) => `${xmlCall(call, templateValue)}\n`);
  if (calls.length > 0) return `${trimSpace(past ? forgetBeforeCall(text) : text)}\n${calls.join("")}`;
  const forgets = past && text.includes("<think>") && text.includes("</think>");
  return trimSpace(forgets ? `<think></think>${afterLast(text, "</think>")}` : text);
}

function withThinking(message: Message, version: Version): string {
  const { content, thinking } = message;
  if (thinking) {
    const lineFeed = version === "3.0" ? "\n" : "";
    return `<think>\n${thinking}${lineFeed}</think>${lineFeed}${content}`;
  }
  const tagged = content.includes("<think>") || content.includes("</think>");
  return tagged ? content : `<think></think>${content}`;
}

function forgetBeforeCall(text: string): string {
  if (text.includes("</think>")) return `<think></think>${trimSpace(afterLast(text, "</think>"))}`;
  return `<think></think>${trimSpace(text.split("<think>")[0] ?? "")}`;
}

function afterLast(text: string, tag: string): string {
  return text.slice(text.lastIndexOf(tag) + tag.length);
}

function toolResult(content: string, messages: readonly Message[], index: number): string {
  const { opens, closes } = toolRun(messages, index);
  // Results with nothing before them open no turn: the template has it so.
  const opening = opens && index > 0 ? openTurn("user") : "";
  return `${opening}<tool_response>\n${content}\n</tool_response>\n${closes ? closeTurn : ""}`;
}
