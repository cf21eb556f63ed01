import type { Message, Tool, ToolCall } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer } from "./builtin-renderer.ts";
import { callsOf, resultsFrom, splitLeadingSystem, wantsThinking } from "./conversation-parts.ts";
import { argumentsValue, spacedJson, toolParametersValue } from "./ordered-json.ts";

type Speaker = "SYSTEM" | "USER" | "CHATBOT";

const endOfTurn = "<|END_OF_TURN_TOKEN|>";
const endOfText = `<|END_TEXT|>${endOfTurn}`;

/**
 * Cohere: a system turn with the tool list always comes first; calls are numbered anew from 0.
 * White space follows the template, which leaves its own in the prompt.
 * The tokenizer's begin-of-sequence token is not part of what is rendered, but a template may start with it.
 * @source chat template of CohereLabs Command A (2026) and North; ollama model/renderers
 */
export const cohere: BuiltinRenderer = { leadingBos: "<BOS_TOKEN>", render };

function render({ messages, tools = [], think }: Conversation): string {
  const { system, rest } = splitLeadingSystem(messages);
  const numbers = callNumbers();
  const instructions = system?.content ? `${system.content}\n\n\n\n` : "";
  let text = textTurn("SYSTEM", instructions + toolList(tools));
  for (const [index, message] of rest.entries()) {
    if (message.role === "system") text += textTurn("SYSTEM", message.content);
    else if (message.role === "user") text += textTurn("USER", message.content);
    else if (message.role === "assistant" || message.role === "chatbot") {
      if (callsOf(message).length > 0) text += callingTurn(message, numbers.next);
      else {
        text += `${opening("CHATBOT")}${thoughts(message)}<|START_TEXT|>${message.content}`;
        // The last turn stays open for the model to go on.
        if (index === rest.length - 1) return text;
        text += endOfText;
      }
    } else if (message.role === "tool" && rest[index - 1]?.role !== "tool") {
      text += resultsTurn(rest, index, numbers.of);
    }
  }
  return `${text}${opening("CHATBOT")}<|START_THINKING|>${wantsThinking(think, true) ? "" : "<|END_THINKING|>"}`;
}

function opening(speaker: Speaker): string {
  return `<|START_OF_TURN_TOKEN|><|${speaker}_TOKEN|>`;
}

function textTurn(speaker: Speaker, body: string): string {
  return `${opening(speaker)}<|START_TEXT|>${body}${endOfText}`;
}

function toolList(tools: readonly Tool[]): string {
  const entries = tools.map((tool) => `\n    ${toolEntry(tool)}`);
  const list = entries.length === 0 ? "\n\n" : `${entries.join(",\n\n")}\n\n`;
  return `# Available Tools\n\`\`\`json\n[\n${list}\n]\n\`\`\``;
}

function toolEntry(tool: Tool): string {
  const { name, description = "" } = tool.function;
  const entry = new Map<string, unknown>([
    ["name", name],
    ["description", description],
    ["parameters", toolParametersValue(tool)],
    ["responses", null],
  ]);
  return spacedJson(entry);
}

function thoughts(message: Message): string {
  return message.thinking ? `<|START_THINKING|>${message.thinking}<|END_THINKING|>` : "";
}

function callingTurn(message: Message, nextNumber: (call: ToolCall) => string): string {
  const calls = callsOf(message).map((call) => {
    const parameters = spacedJson(argumentsValue(call));
    return `\n\n    {"tool_call_id": "${nextNumber(call)}", "tool_name": "${call.function.name}", "parameters": ${parameters}}`;
  });
  const indent = "\n            \n                ";
  return `${opening("CHATBOT")}${indent}${thoughts(message)}<|START_ACTION|>[${calls.join(",")}\n\n]<|END_ACTION|>${endOfTurn}`;
}

/** All results that follow each other, as one list. */
function resultsTurn(messages: readonly Message[], start: number, numberOf: (id: string) => string): string {
  const results = resultsFrom(messages, start).map(
    (message) => `
    {
        "tool_call_id": "${numberOf(message.tool_call_id ?? "")}",
        "results": {

            
            "0": ${spacedJson({ content: message.content })}

        },
        "is_error": null
    }`,
  );
  return `${opening("SYSTEM")}<|START_TOOL_RESULT|>[${results.join(",")}\n\n]<|END_TOOL_RESULT|>${endOfTurn}`;
}

/** Numbers calls over the whole conversation; a result whose id belongs to no call keeps its id. */
function callNumbers(): { next(call: ToolCall): string; of(id: string): string } {
  const numbers = new Map<string, string>();
  let count = 0;
  return {
    next({ id }) {
      const number = String(count);
      count += 1;
      if (id && !numbers.has(id)) numbers.set(id, number);
      return number;
    },
    of: (id) => numbers.get(id) ?? id,
  };
}
