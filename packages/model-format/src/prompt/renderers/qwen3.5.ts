import type { Message, Tool } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { closeTurn, openTurn, turn } from "./chatml.ts";
import { callsOf, toolRun, wantsThinking } from "./conversation-parts.ts";
import { imageMarkers } from "./image-markers.ts";
import { lastQuestionIndex } from "./last-question.ts";
import { spacedJson, toolValue } from "./ordered-json.ts";
import { trimNewlinesStart, trimSpace } from "./trim-space.ts";
import { xmlCall, xmlCallInstructions } from "./xml-tool-calls.ts";

/** What tells the members of the Qwen3.5 family apart. */
export interface Qwen35Variant {
  /** Every assistant turn shows a thinking block, not only those of the current question. */
  readonly alwaysShowsThinking: boolean;
  /** Thinking written into the text of an assistant turn is moved where it belongs. */
  readonly splitsTaggedThinking: boolean;
  /** Turns of other roles than the four known ones are written as they are; else they vanish. */
  readonly keepsUnknownRoles: boolean;
  /** A system turn that says nothing is written nevertheless. */
  readonly keepsEmptySystem: boolean;
}

/**
 * Qwen3.5: tools as JSON lines, calls as XML-like elements, thinking on unless refused.
 * @source chat template of Qwen/Qwen3.5; ollama model/renderers
 */
export const qwen35 = {
  leadingBos: "",
  render: (conversation) =>
    renderQwen35(conversation, {
      alwaysShowsThinking: false,
      splitsTaggedThinking: true,
      keepsUnknownRoles: false,
      keepsEmptySystem: true,
    }),
} as const satisfies BuiltinRenderer;

/** Ornith: Qwen3.5's format with a thinking block in every assistant turn. */
export const ornith: BuiltinRenderer = {
  leadingBos: "",
  render: (conversation) =>
    renderQwen35(conversation, {
      alwaysShowsThinking: true,
      splitsTaggedThinking: true,
      keepsUnknownRoles: false,
      keepsEmptySystem: true,
    }),
};

/**
 * @param instructions  goes in front of everything in the system turn; "" for none
 */
export function renderQwen35(
  { messages, tools = [], think }: Conversation,
  variant: Qwen35Variant,
  instructions = "",
): string {
  const thinking = wantsThinking(think, true);
  const question = lastQuestionIndex(messages, true);
  const markImages = imageMarkers();
  const body = messages.map((message, index) => {
    const content = trimSpace(markImages(message));
    const known = message.role === "user" || message.role === "system";
    if (message.role === "assistant") {
      const shows = variant.alwaysShowsThinking || (thinking && index > question);
      return (
        assistantTurn(message, content, { shows, variant }) + (index < messages.length - 1 ? closeTurn : "")
      );
    }
    if (message.role === "tool") {
      const { opens, closes } = toolRun(messages, index);
      const result = `\n<tool_response>\n${content}\n</tool_response>`;
      return (opens ? "<|im_start|>user" : "") + result + (closes ? closeTurn : "");
    }
    if (message.role === "system" && index === 0) return "";
    return known || variant.keepsUnknownRoles ? turn(message.role, content) : "";
  });
  const answers = messages.length > 0 && messages.at(-1)?.role !== "assistant";
  const answer = answers ? openTurn("assistant") + (thinking ? "<think>\n" : "<think>\n\n</think>\n\n") : "";
  return systemTurn(messages[0], tools, { instructions, variant }) + body.join("") + answer;
}

function systemTurn(
  first: Message | undefined,
  tools: readonly Tool[],
  { instructions, variant }: { readonly instructions: string; readonly variant: Qwen35Variant },
): string {
  const system = first?.role === "system" ? trimSpace(imageMarkers()(first)) : undefined;
  const parts = [instructions, tools.length > 0 ? toolOffer(tools) : "", system ?? ""];
  const said = parts.filter((part) => part !== "");
  const empty = said.length === 0 && !(system !== undefined && variant.keepsEmptySystem);
  return empty ? "" : turn("system", said.join("\n\n"));
}

function toolOffer(tools: readonly Tool[]): string {
  const list = tools.map((tool) => `\n${spacedJson(toolValue(tool))}`).join("");
  return `# Tools\n\nYou have access to the following functions:\n\n<tools>${list}\n</tools>\n\n${xmlCallInstructions}`;
}

function assistantTurn(
  message: Message,
  text: string,
  { shows, variant }: { readonly shows: boolean; readonly variant: Qwen35Variant },
): string {
  const { thoughts, content } = splitThinking(message, text, { shows, variant });
  const opening = shows ? `<think>\n${thoughts}\n</think>\n\n${content}` : content;
  const calls = callsOf(message).map((call) => xmlCall(call));
  const separator = calls.length > 0 && trimSpace(content) !== "" ? "\n\n" : "";
  return openTurn("assistant") + opening + separator + calls.join("\n");
}

function splitThinking(
  message: Message,
  content: string,
  { shows, variant }: { readonly shows: boolean; readonly variant: Qwen35Variant },
): { readonly thoughts: string; readonly content: string } {
  if (shows && message.thinking) return { thoughts: trimSpace(message.thinking), content };
  const close = variant.splitsTaggedThinking ? content.indexOf("</think>") : -1;
  if (close === -1) return { thoughts: "", content };
  const before = content.slice(0, close);
  const open = before.lastIndexOf("<think>");
  return {
    thoughts: trimSpace(open === -1 ? before : before.slice(open + "<think>".length)),
    content: trimNewlinesStart(content.slice(close + "</think>".length)),
  };
}
