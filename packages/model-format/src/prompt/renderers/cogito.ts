import type { Message, Tool } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, splitLeadingSystem, toolRun, wantsThinking } from "./conversation-parts.ts";
import { argumentsValue, goJson, indentedJson, toolValue } from "./ordered-json.ts";

const beginOfSentence = "<｜begin▁of▁sentence｜>";
const identity =
  "You are Cogito, an AI assistant created by Deep Cogito, which is an AI research lab based in San Francisco.";

/**
 * Cogito: DeepSeek's tokens, an identity of its own, and a sentence that switches thinking on.
 * @source chat template of deepcogito/cogito-v2.1; ollama model/renderers
 */
export const cogito: BuiltinRenderer = { leadingBos: beginOfSentence, render };

function render({ messages, tools = [], think }: Conversation): string {
  const thinking = wantsThinking(think, false);
  const { system, rest } = splitLeadingSystem(messages);
  const turns = rest.map((message, index) => renderTurn(message, rest, index)).join("");
  // A user turn ends by naming the assistant; roles the model does not know are as if not there.
  const last = rest.findLast((message) => ["user", "assistant", "tool"].includes(message.role));
  const answer = (last?.role === "user" ? "" : "<｜Assistant｜>") + (thinking ? "<think>\n" : "");
  return beginOfSentence + systemText(system?.content ?? "", thinking) + toolOffer(tools) + turns + answer;
}

function systemText(system: string, thinking: boolean): string {
  if (!thinking) return system === "" ? identity : `${identity}\n\n${system}`;
  const switched = `Enable deep thinking subroutine.\n\n${identity}`;
  return system === "" ? switched : `${switched}\n\n${system}\n\n`;
}

function toolOffer(tools: readonly Tool[]): string {
  if (tools.length === 0) return "";
  const list = tools.map((tool) => `\`\`\`json\n${indentedJson(toolValue(tool), "    ")}\n\`\`\`\n`);
  return `\nYou have the following functions available:\n${list.join("")}`;
}

function renderTurn(message: Message, turns: readonly Message[], index: number): string {
  switch (message.role) {
    case "user":
      return `<｜User｜>${message.content}<｜Assistant｜>`;
    case "assistant":
      return `${message.content + callList(message)}<｜end▁of▁sentence｜>`;
    case "tool": {
      const { opens, closes } = toolRun(turns, index);
      const result = `<｜tool▁output▁begin｜>${message.content}<｜tool▁output▁end｜>`;
      return (opens ? "<｜tool▁outputs▁begin｜>" : "") + result + (closes ? "<｜tool▁outputs▁end｜>" : "\n");
    }
    default:
      return "";
  }
}

function callList(message: Message): string {
  const calls = callsOf(message).map(
    (call) =>
      `<｜tool▁call▁begin｜>function<｜tool▁sep｜>${call.function.name}\n\`\`\`json\n${goJson(argumentsValue(call))}\n\`\`\`<｜tool▁call▁end｜>`,
  );
  return calls.length === 0 ? "" : `<｜tool▁calls▁begin｜>${calls.join("\n")}<｜tool▁calls▁end｜>`;
}
