import { type Message, quoteGo } from "@puna/protocol";
import { badRequest } from "../../../errors.ts";
import { imageData, parseArguments, toRole } from "../to-messages.ts";
import type { InputItem, ResponsesRequest } from "./schema.ts";

/** Messages and what is still said by no message: thinking that belongs to the next assistant turn. */
interface Conversation {
  readonly messages: Message[];
  pendingThinking: string;
}

/** Refusals that come later in Ollama, when it no longer knows the item. */
const unplaced: readonly string[] = [
  "image URLs are not",
  "invalid image input",
  "file inputs are not",
  "failed to parse function call arguments",
];

/** Turns the input of one request into messages, without instructions. @throws ApiError `BAD_REQUEST` naming the item */
export function toInputMessages(input: ResponsesRequest["input"]): Message[] {
  // No text at all only loads the model, as in Ollama.
  if (input === undefined || input === "") return [];
  if (typeof input === "string") return [{ role: "user", content: input }];
  const conversation: Conversation = { messages: [], pendingThinking: "" };
  input.forEach((item, index) => {
    try {
      addItem(conversation, item, input[index + 1]);
    } catch (error) {
      if (unplaced.some((text) => error instanceof Error && error.message.startsWith(text))) throw error;
      throw badRequest(`input[${index}]: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  });
  if (conversation.pendingThinking !== "") {
    conversation.messages.push({ role: "assistant", content: "", thinking: conversation.pendingThinking });
  }
  return conversation.messages;
}

function addItem(conversation: Conversation, item: InputItem, next: InputItem | undefined): void {
  const type = item.type || (item.role ? "message" : undefined);
  switch (type) {
    case "message":
      addMessage(conversation, item, next);
      return;
    case "function_call":
      addCall(conversation, item);
      return;
    case "function_call_output":
      addOutput(conversation, item);
      return;
    case "reasoning":
      conversation.pendingThinking = thinkingOf(item);
      return;
    case "web_search_call":
      return;
    case undefined:
      throw badRequest("input item missing required 'type' field");
    default:
      throw badRequest(`unknown input item type: ${quoteGo(type)}`);
  }
}

function addMessage(conversation: Conversation, item: InputItem, next: InputItem | undefined): void {
  const role = toRole(item.role);
  const { text, images } = readContent("content", item["content"]);
  const thinking = role === "assistant" ? takeThinking(conversation) : {};
  const last = conversation.messages.at(-1);
  if (role === "assistant" && last?.role === "assistant" && isAnsweredBy(last, next)) {
    // What the model said beside its calls belongs to the same turn, so that the result follows the call.
    const between = last.content !== "" && text !== "" ? "\n" : "";
    const said = { content: last.content + between + text, ...thinking };
    conversation.messages[conversation.messages.length - 1] = { ...last, ...said };
    return;
  }
  conversation.messages.push({ role, content: text, ...thinking, ...(images.length > 0 && { images }) });
}

function isAnsweredBy(message: Message, item: InputItem | undefined): boolean {
  if (item?.type !== "function_call_output") return false;
  return message.tool_calls?.some(({ id }) => id !== undefined && id === item["call_id"]) === true;
}

function addCall(conversation: Conversation, item: InputItem): void {
  const { call_id: id, name, arguments: args } = item;
  const call = {
    ...(typeof id === "string" && { id }),
    function: { name: typeof name === "string" ? name : "", arguments: readArguments(args) },
  };
  const last = conversation.messages.at(-1);
  if (last?.role === "assistant") {
    conversation.messages[conversation.messages.length - 1] = {
      ...last,
      ...takeThinking(conversation),
      tool_calls: [...(last.tool_calls ?? []), call],
    };
    return;
  }
  conversation.messages.push({
    role: "assistant",
    content: "",
    ...takeThinking(conversation),
    tool_calls: [call],
  });
}

function readArguments(args: unknown): Readonly<Record<string, unknown>> {
  try {
    return parseArguments(typeof args === "string" && args !== "" ? args : "{}");
  } catch (error) {
    throw badRequest("failed to parse function call arguments: they are no JSON object", error);
  }
}

function addOutput(conversation: Conversation, item: InputItem): void {
  const id = item["call_id"];
  const { text, images } = readContent("output", item["output"]);
  const calls = conversation.messages.flatMap((message) => message.tool_calls ?? []);
  const name = calls.findLast((call) => call.id === id)?.function.name;
  conversation.messages.push({
    role: "tool",
    content: text,
    ...(images.length > 0 && { images }),
    ...(typeof id === "string" && { tool_call_id: id }),
    ...(name !== undefined && { tool_name: name }),
  });
}

function takeThinking(conversation: Conversation): { thinking?: string } {
  const thinking = conversation.pendingThinking;
  conversation.pendingThinking = "";
  return thinking === "" ? {} : { thinking };
}

function thinkingOf(item: InputItem): string {
  const { encrypted_content: encrypted, summary } = item;
  if (typeof encrypted === "string" && encrypted !== "") return encrypted;
  return Array.isArray(summary)
    ? summary.map((part, index) => readPart("summary", part, index).text).join("")
    : "";
}

function readContent(what: "content" | "output", content: unknown): { text: string; images: string[] } {
  if (typeof content === "string") return { text: content, images: [] };
  if (content !== undefined && !Array.isArray(content)) throw badRequest(`${what} must be a string or array`);
  const parts = (content ?? []).map((part: unknown, index: number) => readPart(what, part, index));
  return { text: parts.map(({ text }) => text).join(""), images: parts.flatMap(({ images }) => images) };
}

function readPart(what: string, part: unknown, index: number): { text: string; images: string[] } {
  const record: Record<string, unknown> = typeof part === "object" && part !== null ? { ...part } : {};
  const { type, text, image_url: url } = record;
  switch (type) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
      return { text: typeof text === "string" ? text : "", images: [] };
    case "input_image":
      // A picture that is nowhere is none, as in Ollama.
      return { text: "", images: typeof url === "string" && url !== "" ? [imageData(url)] : [] };
    case "input_file":
      throw badRequest("file inputs are not currently supported");
    default:
      throw badRequest(`${what}[${index}]: unknown content type: ${String(type ?? "")}`);
  }
}
