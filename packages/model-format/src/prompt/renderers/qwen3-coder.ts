import type { Message, Tool, ToolProperty } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { closeTurn, openTurn, turn } from "./chatml.ts";
import { callsOf, toolRun } from "./conversation-parts.ts";
import { goPrint } from "./go-print.ts";
import {
  goJson,
  type OrderedJson,
  objectEntries,
  propertyTypes,
  propertyValue,
  toolParametersValue,
  toolProperties,
} from "./ordered-json.ts";
import { xmlCall, xmlCallInstructions } from "./xml-tool-calls.ts";

/** Stands in when tools are offered and the conversation has no instructions of its own. */
const defaultSystem =
  "You are Qwen, a helpful AI assistant that can interact with a computer to solve tasks.";

/**
 * Qwen3-Coder: tools as XML-like elements, one system turn, no thinking.
 * @source chat template of Qwen/Qwen3-Coder-30B-A3B-Instruct; ollama model/renderers for what it leaves open
 */
export const qwen3Coder: BuiltinRenderer = { leadingBos: "", render };

function render({ messages, tools = [] }: Conversation): string {
  // Later system turns are dropped: the first one that says something speaks for all.
  const system =
    messages.find((message) => message.role === "system" && message.content !== "")?.content ?? "";
  const turns = messages.filter((message) => message.role !== "system");
  const body = turns.map((message, index) => renderTurn(message, turns, index)).join("");
  const answers = turns.length > 0 && turns.at(-1)?.role !== "assistant";
  return systemTurn(system, tools) + body + (answers ? openTurn("assistant") : "");
}

function systemTurn(system: string, tools: readonly Tool[]): string {
  if (tools.length === 0) return system === "" ? "" : turn("system", system);
  const list = tools.map((tool) => `\n${toolElement(tool)}`).join("");
  const offer = `# Tools\n\nYou have access to the following functions:\n\n<tools>${list}\n</tools>`;
  return turn("system", `${system || defaultSystem}\n\n${offer}\n\n${xmlCallInstructions}`);
}

function toolElement(tool: Tool): string {
  const { name, description } = tool.function;
  const parameters = toolProperties(tool).map(([key, property]) => parameterElement(key, property));
  return [
    "<function>",
    element("name", name),
    ...(description ? [element("description", description)] : []),
    "<parameters>",
    ...parameters,
    ...otherElements(toolParametersValue(tool), ["type", "properties"]),
    "</parameters>",
    "</function>",
  ].join("\n");
}

function parameterElement(name: string, property: ToolProperty): string {
  const types = propertyTypes(property);
  return [
    "<parameter>",
    element("name", name),
    ...(types.length > 0 ? [element("type", types.length === 1 ? (types[0] ?? "") : goJson(types))] : []),
    ...(property.description ? [element("description", property.description)] : []),
    ...otherElements(propertyValue(property), ["type", "description"]),
    "</parameter>",
  ].join("\n");
}

/** Whatever else a schema says, an element per key. The reference's order varies from run to run; ours is sorted. */
function otherElements(schema: OrderedJson, handled: readonly string[]): readonly string[] {
  const others = [...schema].filter(([key, value]) => !handled.includes(key) && value !== undefined);
  return others
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => {
      const structured = Array.isArray(value) || objectEntries(value) !== undefined;
      return element(key, structured ? goJson(value, { sortAll: true }) : goPrint(value));
    });
}

function element(name: string, text: string): string {
  return `<${name}>${text}</${name}>`;
}

function renderTurn(message: Message, turns: readonly Message[], index: number): string {
  if (message.role === "tool") {
    const { opens, closes } = toolRun(turns, index);
    const result = `\n<tool_response>\n${message.content}\n</tool_response>`;
    return (opens ? "<|im_start|>user" : "") + result + (closes ? closeTurn : "");
  }
  if (message.role !== "assistant") return turn(message.role, message.content);
  const calls = callsOf(message);
  if (calls.length > 0) {
    const said = message.content === "" ? "" : `${message.content}\n`;
    return turn("assistant", said + calls.map((call) => `\n${xmlCall(call)}`).join(""));
  }
  // A last assistant turn is a beginning that the model goes on with.
  const continued = index === turns.length - 1;
  return openTurn("assistant") + message.content + (continued ? "" : closeTurn);
}
