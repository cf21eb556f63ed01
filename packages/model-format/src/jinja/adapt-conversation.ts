import type { Message, Tool, ToolCall } from "@puna/protocol";
import type { Conversation } from "../prompt/renderer.ts";
import {
  argumentsValue,
  goJson,
  objectEntries,
  spacedJson,
  toolParametersValue,
  toolValue,
} from "../prompt/renderers/ordered-json.ts";
import type { TemplateTraits } from "./template-traits.ts";

/** A message as chat templates know it. */
type TemplateMessage = Readonly<Record<string, unknown>>;

interface TemplateInput {
  readonly messages: readonly TemplateMessage[];
  /** Absent where none are offered. */
  readonly tools?: readonly unknown[];
}

export interface AdaptOptions {
  readonly traits: TemplateTraits;
  readonly thinkingKey: "reasoning_content" | "thinking";
  /** Whether the template has words for developers' instructions; they are the system's elsewhere. */
  readonly knowsDevelopers: boolean;
}

/**
 * A conversation as a template gets it from Ollama's engine.
 * @source llama.cpp common/chat.cpp: developer turns renamed, the first system turn merged into the next one, arguments
 *   as they are wanted, tools with a description even if it is empty
 */
export function adaptConversation(
  { messages, tools = [] }: Conversation,
  options: AdaptOptions,
): TemplateInput {
  const named = options.knowsDevelopers ? messages : messages.map(asSystem);
  const merged = options.traits.writesSystem ? named : mergeSystem(named);
  const markers = imageMarkers();
  return {
    messages: merged.map((message) => templateMessage(message, markers(message), options)),
    ...(tools.length > 0 && { tools: tools.map(templateTool) }),
  };
}

/**
 * The same conversation in words that more templates have: for those that refuse it as it is.
 * Calls and results get ids that belong together, and are written as text where the template has no place for them.
 */
export function reworded(conversation: Conversation, traits: TemplateTraits): Conversation {
  const tools = conversation.tools ?? [];
  const described = tools.length > 0 && !traits.writesTools;
  const offered: readonly Message[] = described
    ? [{ role: "system", content: toolDescription(tools) }, ...conversation.messages]
    : conversation.messages;
  const identified = withCallIds(offered, traits.wantsShortIds);
  const spoken = identified.map((message) => withWrittenCalls(message, traits));
  const messages = traits.writesSystem ? foldLeading(spoken) : mergeSystem(spoken);
  return { ...conversation, messages, tools: described ? [] : tools };
}

function asSystem(message: Message): Message {
  return message.role === "developer" ? { ...message, role: "system" } : message;
}

function templateTool(tool: Tool): unknown {
  const { name, description } = tool.function;
  const parameters = plainJson(toolParametersValue(tool));
  return { type: tool.type, function: { name, description: description ?? "", parameters } };
}

/** Ordered JSON as plain objects, keys in the same order. */
function plainJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainJson);
  const entries = objectEntries(value);
  // A schema without properties would be null, which templates that walk them do not expect.
  const walkable = entries?.map(([key, item]) => [
    key,
    key === "properties" ? (plainJson(item) ?? {}) : plainJson(item),
  ]);
  return walkable === undefined ? value : Object.fromEntries(walkable);
}

function toolDescription(tools: NonNullable<Conversation["tools"]>): string {
  const list = tools.map((tool) => spacedJson(toolValue(tool), { escapeHtml: false })).join("\n");
  return `You can call these tools, given as JSON:
<tools>
${list}
</tools>

To call one, answer with its name and arguments as JSON:
<tool_call>
{"name": "tool_name", "arguments": {"argument": "value"}}
</tool_call>`;
}

/** Calls and results get ids that belong together, also where a client left them out. */
function withCallIds(messages: readonly Message[], short: boolean): readonly Message[] {
  const renamed = new Map<string, string>();
  let count = 0;
  const idFor = (id: string | undefined): string => {
    if (id && (!short || /^[A-Za-z0-9]{9}$/.test(id))) return id;
    const known = id ? renamed.get(id) : undefined;
    if (known !== undefined) return known;
    const made = `call${String(count).padStart(5, "0")}`;
    count += 1;
    if (id) renamed.set(id, made);
    return made;
  };
  // Results without an id answer the open calls in order.
  let open: string[] = [];
  return messages.map((message) => {
    if (message.role === "tool") {
      const next = open.shift();
      const id = message.tool_call_id ? idFor(message.tool_call_id) : (next ?? idFor(undefined));
      open = open.filter((waiting) => waiting !== id);
      return { ...message, tool_call_id: id };
    }
    if (!message.tool_calls?.length) return message;
    const calls = message.tool_calls.map((call) => ({ ...call, id: idFor(call.id) }));
    open = calls.map(({ id }) => id);
    return { ...message, tool_calls: calls };
  });
}

/** Calls and results as text, for templates that have no place for them. */
function withWrittenCalls(message: Message, traits: TemplateTraits): Message {
  if (message.role === "tool" && !traits.writesResults) {
    return { ...message, role: "user", content: `<tool_response>\n${message.content}\n</tool_response>` };
  }
  if (!message.tool_calls?.length || traits.writesCalls) return message;
  const { tool_calls: calls, ...rest } = message;
  const lines = calls.map((call) => `<tool_call>\n${callJson(call)}\n</tool_call>`);
  return { ...rest, content: [message.content, ...lines].filter((part) => part !== "").join("\n") };
}

function callJson(call: ToolCall): string {
  const entries = new Map<string, unknown>([
    ["name", call.function.name],
    ["arguments", argumentsValue(call)],
  ]);
  return spacedJson(entries, { escapeHtml: false });
}

/** System turns go into the next user turn when the template has none, and into one of their own at the end. */
function mergeSystem(messages: readonly Message[]): readonly Message[] {
  const merged: Message[] = [];
  let pending: readonly string[] = [];
  for (const message of messages) {
    if (message.role === "system") pending = [...pending, message.content];
    else if (message.role === "user" && pending.length > 0) {
      merged.push({
        ...message,
        content: [...pending, message.content].filter((part) => part !== "").join("\n"),
      });
      pending = [];
    } else merged.push(message);
  }
  return pending.length === 0 ? merged : [...merged, { role: "user", content: pending.join("\n") }];
}

/** Two leading system turns, one of which we wrote, become one: many templates refuse a second. */
function foldLeading(messages: readonly Message[]): readonly Message[] {
  const [first, second, ...rest] = messages;
  if (first?.role !== "system" || second?.role !== "system") return messages;
  return [{ ...second, content: [second.content, first.content].filter(Boolean).join("\n\n") }, ...rest];
}

/** `[img]` takes a marker where it stands, other images follow the text: the order that Ollama sends. */
function imageMarkers(): (message: Message) => string {
  let next = 0;
  return (message) => {
    let text = message.content;
    const numbered = text.includes("[img-");
    for (const _ of message.images ?? []) {
      const marker = `[img-${next}]`;
      next += 1;
      if (text.includes("[img]")) text = text.replace("[img]", () => marker);
      else if (!numbered) text += marker;
    }
    return text;
  };
}

function templateMessage(
  message: Message,
  content: string,
  { traits, thinkingKey }: AdaptOptions,
): TemplateMessage {
  return {
    role: message.role,
    content: traits.wantsTypedContent ? [{ type: "text", text: content }] : content,
    ...(message.thinking ? { [thinkingKey]: message.thinking } : {}),
    ...(message.tool_calls?.length
      ? { tool_calls: message.tool_calls.map((call) => templateCall(call, traits)) }
      : {}),
    ...(message.tool_call_id ? { tool_call_id: message.tool_call_id } : {}),
    ...(message.tool_name ? { name: message.tool_name } : {}),
  };
}

function templateCall(call: ToolCall, traits: TemplateTraits): unknown {
  const value = argumentsValue(call);
  const argumentsForm = traits.wantsTextArguments ? goJson(value) : plainJson(value);
  const { name } = call.function;
  return {
    type: "function",
    function: { name, arguments: argumentsForm },
    ...(call.id ? { id: call.id } : {}),
  };
}
