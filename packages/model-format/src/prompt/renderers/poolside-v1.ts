import type { Message, Tool } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, splitLeadingSystem, wantsThinking } from "./conversation-parts.ts";
import { lagunaBos, lagunaDefaultSystem, lagunaToolList, lagunaValue } from "./laguna-parts.ts";
import { trimSpaceEnd } from "./trim-space.ts";

/**
 * Poolside v1: Laguna's elements without line feeds inside; every turn shows thinking when it is on.
 * @source chat template v8 of poolside/Laguna; ollama model/renderers
 */
export const poolsideV1: BuiltinRenderer = { leadingBos: lagunaBos, render };

function render({ messages, tools = [], think }: Conversation): string {
  const thinking = wantsThinking(think, false);
  const { system, rest } = splitLeadingSystem(messages);
  const turns = rest.map((message) => renderTurn(message, thinking)).join("");
  const answer = `<assistant>${thinking ? "<think>" : "</think>"}`;
  return lagunaBos + header(system?.content ?? lagunaDefaultSystem, tools, thinking) + turns + answer;
}

function header(system: string, tools: readonly Tool[], thinking: boolean): string {
  const parts = [trimSpaceEnd(system), tools.length === 0 ? "" : lagunaToolList(tools)];
  const said = parts.filter((part) => part !== "");
  return said.length === 0 && !thinking ? "" : `<system>${said.join("\n\n")}</system>\n`;
}

function renderTurn(message: Message, thinking: boolean): string {
  switch (message.role) {
    case "user":
    case "system":
      return `<${message.role}>${message.content}</${message.role}>\n`;
    case "tool":
      return `<tool_response>${message.content}</tool_response>\n`;
    case "assistant": {
      const thoughts = thinking ? `<think>${message.thinking ?? ""}` : "";
      return `<assistant>${thoughts}</think>${message.content}${calls(message)}</assistant>\n`;
    }
    default:
      return "";
  }
}

function calls(message: Message): string {
  return callsOf(message)
    .map((call) => {
      const pairs = Object.entries(call.function.arguments).map(
        ([name, value]) => `<arg_key>${name}</arg_key><arg_value>${lagunaValue(value)}</arg_value>`,
      );
      return `<tool_call>${call.function.name}${pairs.join("")}</tool_call>`;
    })
    .join("");
}
