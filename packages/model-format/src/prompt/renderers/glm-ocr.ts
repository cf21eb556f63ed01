import type { Message } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, toolRun } from "./conversation-parts.ts";
import { glmCall, glmToolOffer } from "./glm-tools.ts";
import { imageMarkers } from "./image-markers.ts";
import { trimSpace } from "./trim-space.ts";

const refusal = "/nothink";

/**
 * GLM-OCR: GLM's roles on lines of their own; the model thinks as it likes unless refused.
 * @source chat template of zai-org/GLM-OCR; ollama model/renderers
 */
export const glmOcr: BuiltinRenderer = { leadingBos: "", render };

function render({ messages, tools = [], think }: Conversation): string {
  const refused = think === false;
  const markImages = imageMarkers();
  const turns = messages.map((message, index) => {
    switch (message.role) {
      case "user":
        return userTurn(message, markImages(message), refused);
      case "assistant":
        return assistantTurn(message);
      case "tool": {
        const opening = toolRun(messages, index).opens ? "<|observation|>" : "";
        return `${opening}\n<tool_response>\n${markImages(message)}\n</tool_response>\n`;
      }
      case "system":
        return `<|system|>\n${message.content}\n`;
      default:
        return "";
    }
  });
  const answer = `<|assistant|>\n${refused ? "<think></think>\n" : ""}`;
  return `[gMASK]<sop>${glmToolOffer(tools)}${turns.join("")}${answer}`;
}

function userTurn(message: Message, content: string, refused: boolean): string {
  const suffix = refused && !message.content.endsWith(refusal) ? refusal : "";
  return `<|user|>\n${content}${suffix}`;
}

function assistantTurn(message: Message): string {
  const thoughts = trimSpace(message.thinking ?? "");
  const content = message.content === "" ? "" : `\n${trimSpace(message.content)}`;
  const calls = callsOf(message).map((call) => `\n${glmCall(call)}`);
  return `<|assistant|>\n<think>${thoughts}</think>${content}${calls.join("")}\n`;
}
