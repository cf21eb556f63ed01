import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { openTurn, turn } from "./chatml.ts";

const noFunctions = " You do not currently have access to any functions. <functions></functions>";

/**
 * Olmo 3 Think: always thinks, knows no tools.
 * @param introduction  system turn of a conversation that has none
 * @source chat templates of allenai/Olmo-3-7B-Think and Olmo-3-32B-Think; ollama model/renderers
 */
export function olmo3Think(introduction: string): BuiltinRenderer {
  return { leadingBos: "", render: (conversation) => render(conversation, introduction) };
}

function render({ messages }: Conversation, introduction: string): string {
  const system = messages.find((message) => message.role === "system");
  const turns = messages
    .filter((message) => message.role === "user" || message.role === "assistant")
    .map((message) => turn(message.role, message.content));
  const instructions = system === undefined ? introduction : system.content + noFunctions;
  return `${turn("system", instructions) + turns.join("") + openTurn("assistant")}<think>`;
}
