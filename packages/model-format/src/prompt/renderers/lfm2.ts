import type { Message, Tool, ToolCall } from "@puna/protocol";
import { compareBytes } from "../../go-template/bytes.ts";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { closeTurn, openTurn, turn } from "./chatml.ts";
import { callsOf, lastIndexOfRole, wantsThinking } from "./conversation-parts.ts";
import { imageMarkers } from "./image-markers.ts";
import { spacedJson, toolFunctionValue, toolValue } from "./ordered-json.ts";
import { trimSpace } from "./trim-space.ts";

const startOfText = "<|startoftext|>";
const callTag = "<|tool_call_start|>";
const resultTag = "<|tool_response_start|>";
const thoughtsEnd = "</think>";

/**
 * LFM2: tools as a JSON list, calls like Python; the thinking model keeps past thoughts only on request.
 * @source chat templates of LiquidAI/LFM2-1.2B and LFM2.5-1.2B-Thinking; ollama model/renderers
 */
export function lfm2(kind: "plain" | "thinking"): BuiltinRenderer {
  const thinks = kind === "thinking";
  return { leadingBos: startOfText, render: (conversation) => render(conversation, thinks) };
}

function render({ messages, tools = [], think }: Conversation, thinks: boolean): string {
  const keepsThoughts = thinks && wantsThinking(think, false);
  const system = messages[0]?.role === "system" ? messages[0] : undefined;
  const lastAnswer = lastIndexOfRole(messages, "assistant");
  const markImages = imageMarkers();
  const turns = messages.map((message, index) => {
    const content = markImages(message);
    if (message === system) return "";
    if (message.role === "tool") return turn("tool", asResult(content));
    if (message.role !== "assistant") return turn(message.role, content);
    const text = withThoughts(message, withCalls(message, content), thinks);
    const shown = keepsThoughts || index === lastAnswer ? text : withoutThoughts(text);
    return openTurn("assistant") + shown + (index === messages.length - 1 ? "" : closeTurn);
  });
  const answer = messages.at(-1)?.role === "assistant" ? "" : openTurn("assistant");
  return startOfText + systemTurn(system?.content ?? "", tools) + turns.join("") + answer;
}

function systemTurn(system: string, tools: readonly Tool[]): string {
  const list = tools.map((tool) =>
    json(tool.function.name === "" ? toolValue(tool) : toolFunctionValue(tool)),
  );
  const offer = `List of tools: <|tool_list_start|>[${list.join(", ")}]<|tool_list_end|>`;
  const parts = [system, tools.length > 0 ? offer : ""].filter((part) => part !== "");
  return parts.length === 0 ? "" : turn("system", parts.join("\n"));
}

function json(value: unknown): string {
  return spacedJson(value, { escapeHtml: false });
}

function asResult(content: string): string {
  return content.includes(resultTag) ? content : `${resultTag}${content}<|tool_response_end|>`;
}

/** Calls stand before what was said, unless the text has them already. */
function withCalls(message: Message, content: string): string {
  const calls = callsOf(message);
  if (calls.length === 0 || content.includes(callTag)) return content;
  const list = `${callTag}[${calls.map(pythonCall).join(",")}]<|tool_call_end|>`;
  return list + (trimSpace(content) === "" ? "" : "\n") + content;
}

function pythonCall(call: ToolCall): string {
  const names = Object.keys(call.function.arguments).sort(compareBytes);
  const values = names.map((name) => `${name}=${json(call.function.arguments[name])}`);
  return `${call.function.name}(${values.join(",")})`;
}

function withThoughts(message: Message, text: string, thinks: boolean): string {
  const adds = thinks && message.thinking && !text.includes(thoughtsEnd);
  return adds ? `<think>${message.thinking}${thoughtsEnd}${text}` : text;
}

function withoutThoughts(text: string): string {
  const end = text.lastIndexOf(thoughtsEnd);
  return end === -1 ? text : trimSpace(text.slice(end + thoughtsEnd.length));
}
