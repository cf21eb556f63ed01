import type { Message, Tool } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import {
  callsOf,
  imageCount,
  lastIndexOfRole,
  resultsFrom,
  splitLeadingSystem,
  wantsThinking,
} from "./conversation-parts.ts";
import { gemmaCall, gemmaValue } from "./gemma-values.ts";
import { gemma4Declaration, gemma4Dialect } from "./gemma4-schema.ts";
import { imageMarkers } from "./image-markers.ts";
import { trimSpace } from "./trim-space.ts";

const closeTurn = "<turn|>\n";

/**
 * Gemma 4: calls, their results and the words after them share one model turn; thinking only on request.
 * @param size  the large models are shown an empty thinking block when they shall not think
 * @source chat templates of google/gemma-4-E2B-it and gemma-4-31B-it; ollama model/renderers
 */
export function gemma4(size: "small" | "large"): BuiltinRenderer {
  return { leadingBos: "<bos>", render: (conversation) => render(conversation, size) };
}

function render({ messages, tools = [], think }: Conversation, size: "small" | "large"): string {
  const thinking = wantsThinking(think, false);
  const { system, rest } = splitLeadingSystem(messages, ["system", "developer"]);
  const question = lastIndexOfRole(rest, "user");
  const markImages = imageMarkers();
  let text = `<bos>${systemTurn(system, tools, thinking)}`;
  let previousRole = "";
  let end: TurnEnd = "closed";
  for (const [index, message] of rest.entries()) {
    // Results are written with the calls that they answer.
    if (message.role === "tool") continue;
    const following = resultsFrom(rest, index + 1);
    const results = callsOf(message).length > 0 ? following : [];
    const nextRole = rest[index + 1 + following.length]?.role ?? "";
    const role = message.role === "assistant" ? "model" : message.role;
    const continues = role === "model" && previousRole === "assistant";
    text += continues ? "" : `<|turn>${role}\n`;
    if (message.role === "assistant" && message.thinking && index > question) {
      text += `<|channel>thought\n${message.thinking}\n<channel|>`;
    }
    text += callsOf(message)
      .map((call) => `<|tool_call>${gemmaCall(call, gemma4Dialect)}<tool_call|>`)
      .join("");
    text += results.map((result) => resultText(result, message, markImages(result))).join("");
    const content = shownContent(message, role);
    text += markImages(message, content);
    end = turnEnd(message, results.length > 0);
    const hasContent = trimSpace(content) !== "" || imageCount(message) > 0;
    const unfinished = end === "results" && !hasContent && nextRole === "";
    const joined = role === "model" && nextRole === "assistant" && end !== "calls";
    if (end === "calls") text += "<|tool_response>";
    else if (!joined && !unfinished) text += closeTurn;
    previousRole = message.role;
  }
  return text + answerOpening(end, { thinking, size });
}

/** What the last turn ended with: plain text, results of its calls, or calls without results. */
type TurnEnd = "closed" | "results" | "calls";

function turnEnd(message: Message, answered: boolean): TurnEnd {
  if (callsOf(message).length === 0) return "closed";
  return answered ? "results" : "calls";
}

function systemTurn(system: Message | undefined, tools: readonly Tool[], thinking: boolean): string {
  if (system === undefined && tools.length === 0 && !thinking) return "";
  const declarations = tools.map((tool) => `<|tool>${gemma4Declaration(tool)}<tool|>`).join("");
  const body = (thinking ? "<|think|>\n" : "") + trimSpace(system?.content ?? "") + declarations;
  return `<|turn>system\n${body}${closeTurn}`;
}

function resultText(result: Message, caller: Message, content: string): string {
  const call = callsOf(caller).find(({ id }) => id && id === result.tool_call_id);
  const name = call?.function.name ?? (result.tool_name || "unknown");
  return `<|tool_response>response:${name}{value:${gemmaValue(content, gemma4Dialect)}}<tool_response|>`;
}

function shownContent(message: Message, role: string): string {
  return role === "model" ? withoutThinking(message.content) : trimSpace(message.content);
}

/** Words of the model without the thinking that may be written among them. */
function withoutThinking(text: string): string {
  let kept = "";
  let rest = text;
  for (;;) {
    const open = rest.indexOf("<|channel>");
    if (open === -1) return trimSpace(kept + rest);
    kept += rest.slice(0, open);
    const close = rest.indexOf("<channel|>", open);
    if (close === -1) return trimSpace(kept);
    rest = rest.slice(close + "<channel|>".length);
  }
}

function answerOpening(
  end: TurnEnd,
  { thinking, size }: { readonly thinking: boolean; readonly size: "small" | "large" },
): string {
  if (end === "calls") return "";
  if (end === "results") return thinking ? "<|channel>thought\n" : "";
  return `<|turn>model\n${size === "large" && !thinking ? "<|channel>thought\n<channel|>" : ""}`;
}
