import type { Message, ThinkValue, Tool } from "@puna/protocol";
import type { Conversation } from "../renderer.ts";
import type { BuiltinRenderer, RendererOptions } from "./builtin-renderer.ts";
import { callsOf } from "./conversation-parts.ts";
import { glimmerCall, glimmerToolOffer, namespaces } from "./glimmer-tools.ts";
import { imageMarkers } from "./image-markers.ts";

const beginOfText = "<|begin_of_text|>";
const endOfMessage = "<|eom|>";
const endOfTurn = "<|eot|>";

/** What a conversation needs to say about itself in each of its system turns. */
interface SystemFacts {
  readonly tools: readonly Tool[];
  readonly strength: string;
}

/**
 * Glimmer: every message names its recipient; thinking goes to `self`, its strength stands in the system turn.
 * @source chat template of Glimmer; ollama model/renderers
 */
export function glimmer({ now = () => new Date() }: RendererOptions): BuiltinRenderer {
  return { leadingBos: beginOfText, render: (conversation) => render(conversation, now) };
}

function render({ messages, tools = [], think }: Conversation, now: () => Date): string {
  const facts = { tools, strength: strengthOf(think) };
  const markImages = imageMarkers();
  const names = namesOfCalls(messages);
  const turns = messages.map((message, index) => {
    const content = markImages(message);
    switch (message.role) {
      case "system":
        return ownSystem(content, facts);
      case "user":
        return written("user", content, endOfTurn);
      case "tool": {
        const name = answeredName(message, names);
        return written(`tool ${name}`, `<tool_output name="${name}">\n${content}\n</tool_output>`, endOfTurn);
      }
      case "assistant":
        return assistantMessages(message, content, messages[index + 1]?.role === "assistant");
      default:
        return "";
    }
  });
  const hasSystem = messages.some((message) => message.role === "system");
  return `${beginOfText}${hasSystem ? "" : defaultSystem(facts, now())}${turns.join("")}<|start|>assistant`;
}

function written(header: string, content: string, end: string): string {
  return `<|start|>${header}<|message|>${content}${end}`;
}

function strengthOf(think: ThinkValue | undefined): string {
  if (think === undefined || think === true) return "high";
  return think === false ? "none" : think;
}

function defaultSystem(facts: SystemFacts, today: Date): string {
  const month = String(today.getMonth() + 1).padStart(2, "0");
  const date = `${today.getFullYear()}-${month}-${String(today.getDate()).padStart(2, "0")}`;
  const introduction = `You are a helpful AI assistant.\nKnowledge cutoff: 2026-01-04.\nCurrent date: ${date}.`;
  return systemTurn(introduction, facts, true);
}

const strengths: Readonly<Record<string, string>> = {
  "Reasoning effort": "Reasoning strength",
  "Reasoning Effort": "Reasoning Strength",
  "reasoning effort": "reasoning strength",
  "REASONING EFFORT": "REASONING STRENGTH",
};

/** Instructions may set the strength themselves, in other words, too. */
function ownSystem(content: string, facts: SystemFacts): string {
  const instructions = content.replace(
    /Reasoning [eE]ffort|reasoning effort|REASONING EFFORT/g,
    (words) => strengths[words] ?? words,
  );
  return systemTurn(instructions, facts, !instructions.toLowerCase().includes("reasoning strength"));
}

function systemTurn(instructions: string, { tools, strength }: SystemFacts, saysStrength: boolean): string {
  const recipients = ['"self"', ...namespaces(tools).map((name) => `"${name}.*"`), '"user"'];
  const parts = [
    instructions,
    ...(saysStrength ? [`Reasoning strength: ${strength}.`] : []),
    ...(tools.length > 0 ? [glimmerToolOffer(tools)] : []),
    `# Valid recipients: ${recipients.join(", ")}.`,
  ];
  return written("system", parts.join("\n\n"), endOfTurn);
}

function assistantMessages(message: Message, content: string, continued: boolean): string {
  const thoughts = message.thinking ? written("assistant to=self", message.thinking, endOfMessage) : "";
  const calls = callsOf(message);
  if (calls.length > 0) {
    const end = continued ? endOfMessage : endOfTurn;
    const list = calls.map((call, index) =>
      written(
        `assistant to=${call.function.name}`,
        glimmerCall(call),
        index < calls.length - 1 ? endOfMessage : end,
      ),
    );
    return thoughts + list.join("");
  }
  // Thoughts alone are an answer that was cut off before its first word.
  const silent = content === "" && thoughts !== "";
  return thoughts + (silent ? "" : written("assistant to=user", content, endOfTurn));
}

/** Who answered: by name, else by the last call with that id, else by the id itself. */
function answeredName(message: Message, names: ReadonlyMap<string, string>): string {
  const id = message.tool_call_id ?? "";
  return message.tool_name || (names.get(id) ?? id);
}

function namesOfCalls(messages: readonly Message[]): ReadonlyMap<string, string> {
  const calls = messages.flatMap((message) => callsOf(message));
  return new Map(calls.flatMap(({ id, function: called }) => (id ? [[id, called.name] as const] : [])));
}
