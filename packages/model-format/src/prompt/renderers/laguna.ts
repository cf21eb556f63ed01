import type { Message, Tool, ToolCall } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, splitLeadingSystem, wantsThinking } from "./conversation-parts.ts";
import { lagunaBos, lagunaDefaultSystem, lagunaToolList, lagunaValue } from "./laguna-parts.ts";
import { trimNewlinesEnd, trimNewlinesStart, trimSpace, trimSpaceEnd } from "./trim-space.ts";

const plainCalls =
  "For each function call, return an unescaped XML-like object with function name and arguments within '<tool_call>' and '</tool_call>' tags, like here:\n";

/**
 * Laguna: elements on lines of their own; thinking only on request, told by how the answer opens.
 * @source chat template v2 of poolside/Laguna; ollama model/renderers
 */
export const laguna: BuiltinRenderer = { leadingBos: lagunaBos, render };

function render({ messages, tools = [], think }: Conversation): string {
  const thinking = wantsThinking(think, false);
  const { system, rest } = splitLeadingSystem(messages);
  const turns = rest.map((message, index) => renderTurn(message, index === rest.length - 1)).join("");
  const answers = messages.at(-1)?.role !== "assistant";
  const answer = answers ? `<assistant>\n${thinking ? "<think>" : "</think>"}` : "";
  return lagunaBos + header(system?.content ?? lagunaDefaultSystem, tools, thinking) + turns + answer;
}

function header(system: string, tools: readonly Tool[], thinking: boolean): string {
  const silent = trimSpace(system) === "";
  if (silent && tools.length === 0) return "";
  const instructions = silent ? "" : `\n${trimSpaceEnd(system)}`;
  const offer = tools.length === 0 ? "" : `\n\n${lagunaToolList(tools)}\n\n${callInstructions(thinking)}`;
  return `<system>\n${instructions}${offer}\n</system>\n`;
}

function callInstructions(thinking: boolean): string {
  const how = thinking
    ? `Wrap your thinking in '<think>', '</think>' tags, followed by a function call. ${plainCalls}<think> your thoughts here </think>\n`
    : plainCalls;
  return `${how}<tool_call>function-name
<arg_key>argument-key</arg_key>
<arg_value>value-of-argument-key</arg_value>
</tool_call>`;
}

function renderTurn(message: Message, last: boolean): string {
  switch (message.role) {
    case "user":
    case "system":
      return `<${message.role}>\n${message.content}\n</${message.role}>\n`;
    case "tool":
      return `<tool_response>\n${message.content}\n</tool_response>\n`;
    case "assistant":
      return assistantTurn(message, last);
    default:
      return "";
  }
}

function assistantTurn(message: Message, last: boolean): string {
  const spoken = splitThinking(message);
  const thoughts = trimSpace(spoken.thoughts);
  const content = trimSpace(spoken.content);
  const calls = callsOf(message);
  // A last turn that says anything is a beginning for the model to go on with.
  const continued = last && (thoughts !== "" || content !== "" || calls.length > 0);
  return [
    "<assistant>\n",
    thoughts === "" ? "</think>\n" : `<think>\n${thoughts}\n</think>\n`,
    content === "" ? "" : `${content}\n`,
    ...calls.map(callText),
    continued ? "" : "</assistant>\n",
  ].join("");
}

function splitThinking(message: Message): { readonly thoughts: string; readonly content: string } {
  const { content, thinking: thoughts = "" } = message;
  const parts = content.split("</think>");
  if (parts.length === 1) return { thoughts, content };
  const answer = trimNewlinesStart(parts.at(-1) ?? "");
  if (thoughts !== "") return { thoughts, content: answer };
  const before = trimNewlinesEnd(parts[0] ?? "");
  const open = before.lastIndexOf("<think>");
  return { thoughts: open === -1 ? before : before.slice(open + "<think>".length), content: answer };
}

function callText(call: ToolCall): string {
  const pairs = Object.entries(call.function.arguments).map(
    ([name, value]) => `<arg_key>${name}</arg_key>\n<arg_value>${lagunaValue(value)}</arg_value>\n`,
  );
  return `<tool_call>${call.function.name}\n${pairs.join("")}</tool_call>\n`;
}
