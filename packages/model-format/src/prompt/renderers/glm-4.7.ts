import type { Message } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, toolRun, wantsThinking } from "./conversation-parts.ts";
import { glmCall, glmToolOffer } from "./glm-tools.ts";

/**
 * GLM-4.7: no line feeds between turns; thinking on unless refused, and kept in the history.
 * @source chat template of zai-org/GLM-4.7; ollama model/renderers
 */
export const glm47: BuiltinRenderer = { leadingBos: "", render };

function render({ messages, tools = [], think }: Conversation): string {
  const turns = messages.map((message, index) => renderTurn(message, messages, index)).join("");
  const answer = wantsThinking(think, true) ? "<think>" : "</think>";
  return `[gMASK]<sop>${glmToolOffer(tools)}${turns}<|assistant|>${answer}`;
}

function renderTurn(message: Message, messages: readonly Message[], index: number): string {
  switch (message.role) {
    case "user":
    case "system":
      return `<|${message.role}|>${message.content}`;
    case "assistant": {
      const thoughts = message.thinking ? `<think>${message.thinking}` : "";
      const calls = callsOf(message).map(glmCall).join("");
      return `<|assistant|>${thoughts}</think>${message.content}${calls}`;
    }
    case "tool": {
      const opening = toolRun(messages, index).opens ? "<|observation|>" : "";
      return `${opening}<tool_response>${message.content}</tool_response>`;
    }
    default:
      return "";
  }
}
