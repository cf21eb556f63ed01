import type { Message, Tool, ToolProperty } from "@puna/protocol";
import { compareBytes } from "../../go-template/bytes.ts";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, splitLeadingSystem } from "./conversation-parts.ts";
import { type GemmaDialect, gemmaCall, gemmaValue, quoted, quotedList } from "./gemma-values.ts";
import { propertyTypes, toolProperties } from "./ordered-json.ts";
import { trimSpace } from "./trim-space.ts";

const dialect: GemmaDialect = { quote: "<escape>", none: "<nil>" };
const offer = "You can do function calling with the following functions:";

/**
 * FunctionGemma: instructions come from a developer turn; calls, results and the answer share a model turn.
 * @source chat template of google/functiongemma-270m-it; ollama model/renderers
 */
export const functionGemma: BuiltinRenderer = { leadingBos: "<bos>", render };

function render({ messages, tools = [] }: Conversation): string {
  const { system, rest } = splitLeadingSystem(messages, ["system", "developer"]);
  let text = `<bos>${developerTurn(system?.content ?? "", tools)}`;
  // What stands just before decides whether a turn or a result list is open already.
  let open: "nothing" | "call" | "results" = "nothing";
  for (const [index, message] of rest.entries()) {
    if (message.role === "tool") {
      text += open === "call" ? "" : "<start_function_response>";
      text += `response:${answeredName(rest, index)}{${gemmaValue(message.content, dialect)}}<end_function_response>`;
      open = "results";
    } else if (message.role === "assistant" || message.role === "user") {
      const role = message.role === "assistant" ? "model" : "user";
      text += open === "results" ? "" : `<start_of_turn>${role}\n`;
      const calls = message.role === "assistant" ? callsOf(message) : [];
      text += trimSpace(message.content) + calls.map(functionCall).join("");
      const awaits = calls.length > 0 && rest[index + 1]?.role === "tool";
      text += awaits ? "<start_function_response>" : "<end_of_turn>\n";
      open = awaits ? "call" : "nothing";
    } else text += `<start_of_turn>${message.role}\n${trimSpace(message.content)}<end_of_turn>\n`;
  }
  return open === "results" ? text : `${text}<start_of_turn>model\n`;
}

function developerTurn(system: string, tools: readonly Tool[]): string {
  if (system === "" && tools.length === 0) return "";
  const instructions = trimSpace(system);
  const lineFeed = system !== "" && tools.length > 0 ? "\n" : "";
  const heading = tools.length > 0 && instructions !== offer ? offer : "";
  const body = instructions + lineFeed + heading + tools.map(declaration).join("");
  return `<start_of_turn>developer\n${body}<end_of_turn>\n`;
}

function declaration(tool: Tool): string {
  const { name, description = "", parameters } = tool.function;
  const properties = [...toolProperties(tool)].sort(([a], [b]) => compareBytes(a, b)).map(propertyText);
  const required = parameters.required ?? [];
  const parts = [
    ...(properties.length > 0 ? [`properties:{${properties.join(",")}}`] : []),
    ...(required.length > 0 ? [`required:${quotedList(required, dialect)}`] : []),
    ...(parameters.type ? [`type:${quoted(parameters.type.toUpperCase(), dialect)}`] : []),
  ];
  const described = `description:${quoted(description, dialect)}`;
  const schema = parameters.properties || parameters.type ? `,parameters:{${parts.join(",")}}` : "";
  return `<start_function_declaration>declaration:${name}{${described}${schema}}<end_function_declaration>`;
}

/** This model was shown no more of a schema than the first type. */
function propertyText([name, property]: readonly [string, ToolProperty]): string {
  const type = propertyTypes(property)[0];
  const typed = type === undefined ? "" : `,type:${quoted(type.toUpperCase(), dialect)}`;
  return `${name}:{description:${quoted(property.description ?? "", dialect)}${typed}}`;
}

function functionCall(call: NonNullable<Message["tool_calls"]>[number]): string {
  return `<start_function_call>${gemmaCall(call, dialect)}<end_function_call>`;
}

/** Results name no call, so the nth result after a turn with calls answers its nth call. */
function answeredName(messages: readonly Message[], index: number): string {
  let nth = 0;
  for (let at = index - 1; at >= 0; at -= 1) {
    const message = messages[at];
    if (message?.role === "tool") nth += 1;
    else if (message?.role === "assistant" && callsOf(message).length > 0) {
      return callsOf(message)[nth]?.function.name ?? "";
    }
  }
  return "";
}
