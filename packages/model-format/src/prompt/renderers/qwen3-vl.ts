import type { Message, Tool } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { closeTurn, openTurn, turn } from "./chatml.ts";
import { callsOf, toolRun, wantsThinking } from "./conversation-parts.ts";
import { imageMarkers } from "./image-markers.ts";
import { lastQuestionIndex } from "./last-question.ts";
import { argumentsValue, spacedJson, toolValue } from "./ordered-json.ts";
import { trimNewlinesEnd, trimNewlinesStart } from "./trim-space.ts";

/**
 * Qwen3-VL: tools and calls as JSON, images as markers.
 * @source chat templates of Qwen/Qwen3-VL-8B-Instruct and -Thinking; ollama model/renderers
 */
export function qwen3Vl(thinksByDefault: boolean): BuiltinRenderer {
  return { leadingBos: "", render: (conversation) => render(conversation, thinksByDefault) };
}

function render({ messages, tools = [], think }: Conversation, thinksByDefault: boolean): string {
  const thinking = wantsThinking(think, thinksByDefault);
  const question = lastQuestionIndex(messages);
  const markImages = imageMarkers();
  const body = messages.map((message, index) => {
    const content = markImages(message);
    if (message.role === "user" || (message.role === "system" && index > 0))
      return turn(message.role, content);
    if (message.role === "tool") {
      const { opens, closes } = toolRun(messages, index);
      const result = `\n<tool_response>\n${content}\n</tool_response>`;
      return (opens ? "<|im_start|>user" : "") + result + (closes ? closeTurn : "");
    }
    if (message.role !== "assistant") return "";
    const last = index === messages.length - 1;
    const opening = thinking && index > question ? thoughtful(message, content, last) : content;
    return openTurn("assistant") + opening + callLines(message, content) + (last ? "" : closeTurn);
  });
  const answers = messages.length > 0 && messages.at(-1)?.role !== "assistant";
  const answer = answers ? openTurn("assistant") + (thinking ? "<think>\n" : "") : "";
  return systemTurn(messages, tools) + body.join("") + answer;
}

function systemTurn(messages: readonly Message[], tools: readonly Tool[]): string {
  const system = messages[0]?.role === "system" ? messages[0].content : undefined;
  if (tools.length === 0) return system === undefined ? "" : turn("system", system);
  const list = tools.map((tool) => `\n${spacedJson(toolValue(tool))}`).join("");
  const body = `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>${list}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`;
  return turn("system", (system === undefined ? "" : `${system}\n\n`) + body);
}

/** A turn of the current question keeps its thinking; the very last one may still be inside it. */
function thoughtful(message: Message, content: string, last: boolean): string {
  const thoughts = message.thinking ?? "";
  if (thoughts === "" && !last) return content;
  const open = `<think>\n${trimNewlinesStart(trimNewlinesEnd(thoughts))}`;
  return content === "" ? open : `${open}\n</think>\n\n${trimNewlinesStart(content)}`;
}

function callLines(message: Message, content: string): string {
  return callsOf(message)
    .map((call, index) => {
      const separator = index > 0 || content !== "" ? "\n" : "";
      const json = `{"name": "${call.function.name}", "arguments": ${spacedJson(argumentsValue(call))}}`;
      return `${separator}<tool_call>\n${json}\n</tool_call>`;
    })
    .join("");
}
