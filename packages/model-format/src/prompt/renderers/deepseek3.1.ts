import type { Message, Tool } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, lastIndexOfRole, wantsThinking } from "./conversation-parts.ts";
import { argumentsValue, goJson, toolParametersValue } from "./ordered-json.ts";

const beginOfSentence = "<｜begin▁of▁sentence｜>";
const endOfSentence = "<｜end▁of▁sentence｜>";

/**
 * DeepSeek V3.1: turns run on without line feeds; thinking only when asked for.
 * @source chat template of deepseek-ai/DeepSeek-V3.1; ollama model/renderers
 */
export const deepseek31: BuiltinRenderer = { leadingBos: beginOfSentence, render };

function render({ messages, tools = [], think }: Conversation): string {
  const thinking = wantsThinking(think, false);
  const system = messages.filter((message) => message.role === "system").map((message) => message.content);
  const question = lastIndexOfRole(messages, "user");
  let text = beginOfSentence + system.join("\n\n") + toolOffer(tools);
  // The role before this one decides how a turn opens; roles the model does not know change nothing.
  let previous = "";
  for (const [index, message] of messages.entries()) {
    if (message.role === "user") text += `<｜User｜>${message.content}`;
    else if (message.role === "tool")
      text += `<｜tool▁output▁begin｜>${message.content}<｜tool▁output▁end｜>`;
    else if (message.role === "assistant") {
      const thinks = thinking && index > question;
      text +=
        (previous === "user" ? opening(message, thinks) : "") + spoken(message, previous) + endOfSentence;
    } else continue;
    previous = message.role;
  }
  if (previous === "user") text += `<｜Assistant｜>${thinking ? "<think>" : "</think>"}`;
  return text;
}

function toolOffer(tools: readonly Tool[]): string {
  if (tools.length === 0) return "";
  const list = tools.map((tool) => {
    const { name, description = "" } = tool.function;
    const parameters = goJson(toolParametersValue(tool));
    return `\n### ${name}\nDescription: ${description}\n\nParameters: ${parameters}\n`;
  });
  return `

## Tools
You have access to the following tools:
${list.join("")}
IMPORTANT: ALWAYS adhere to this exact format for tool use:
<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜>{{additional_tool_calls}}<｜tool▁calls▁end｜>

Where:

- \`tool_call_name\` must be an exact match to one of the available tools
- \`tool_call_arguments\` must be valid JSON that strictly follows the tool's Parameters Schema
- For multiple tool calls, chain them directly without separators or spaces
`;
}

function opening(message: Message, thinks: boolean): string {
  const open = thinks && message.thinking && callsOf(message).length === 0;
  return `<｜Assistant｜>${open ? "<think>" : "</think>"}`;
}

function spoken(message: Message, previous: string): string {
  const calls = callsOf(message);
  if (calls.length > 0) {
    const list = calls.map(
      (call) =>
        `<｜tool▁call▁begin｜>${call.function.name}<｜tool▁sep｜>${goJson(argumentsValue(call))}<｜tool▁call▁end｜>`,
    );
    return `${message.content}<｜tool▁calls▁begin｜>${list.join("")}<｜tool▁calls▁end｜>`;
  }
  // An answer to a tool result is taken whole, any other loses the thinking written into it.
  const close = previous === "tool" ? -1 : message.content.indexOf("</think>");
  return close === -1 ? message.content : message.content.slice(close + "</think>".length);
}
