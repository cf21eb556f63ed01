import type { Message, Tool } from "@puna/protocol";
import { compareBytes } from "../../go-template/bytes.ts";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { closeTurn, openTurn, turn } from "./chatml.ts";
import { callsOf } from "./conversation-parts.ts";
import { goJson, spacedJson, toolValue } from "./ordered-json.ts";

const noFunctions = "You do not currently have access to any functions. <functions></functions>";
const withFunctions =
  "You are provided with function signatures within <functions></functions> XML tags. You may call one or more functions to assist with the user query. Output any function calls within <function_calls></function_calls> XML tags. Do not make assumptions about what values to plug into functions.";

/**
 * Olmo 3 Instruct: calls look like Python, results come from the role `environment`.
 * @param introduction  what the model says it is when the conversation has no system turn
 * @source chat templates of allenai/Olmo-3-7B-Instruct and Olmo-3.1-32B-Instruct; ollama model/renderers
 */
export function olmo3(introduction: string): BuiltinRenderer {
  return { leadingBos: "", render: (conversation) => render(conversation, introduction) };
}

function render({ messages, tools = [] }: Conversation, introduction: string): string {
  const system = messages.find((message) => message.role === "system");
  const turns = messages.filter((message) => message.role !== "system");
  const body = turns.map((message, index) => renderTurn(message, index === turns.length - 1)).join("");
  const last = turns.at(-1);
  const continued = last?.role === "assistant" && callsOf(last).length === 0 && last.content !== "";
  return (
    turn("system", systemText(system, tools, introduction)) + body + (continued ? "" : openTurn("assistant"))
  );
}

function systemText(system: Message | undefined, tools: readonly Tool[], introduction: string): string {
  const functions = tools.length === 0 ? "" : `<functions>${spacedJson(tools.map(toolValue))}</functions>`;
  if (system !== undefined) return system.content + functions;
  return `${introduction} ${functions === "" ? noFunctions : withFunctions + functions}`;
}

function renderTurn(message: Message, last: boolean): string {
  if (message.role === "user") return turn("user", message.content);
  if (message.role === "tool") return turn("environment", message.content);
  if (message.role !== "assistant") return "";
  const calls = callsOf(message).map((call) => {
    const names = Object.keys(call.function.arguments).sort(compareBytes);
    const values = names.map((name) => `${name}=${goJson(call.function.arguments[name])}`);
    return `${call.function.name}(${values.join(", ")})`;
  });
  const list = calls.length === 0 ? "" : `<function_calls>${calls.join("\n")}</function_calls>`;
  // The end is left open for the model to go on, but a finished call is finished.
  return openTurn("assistant") + message.content + list + (last && calls.length === 0 ? "" : closeTurn);
}
