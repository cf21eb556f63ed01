import type { Message, ToolCall } from "@puna/protocol";
import { describeBase64Error } from "@puna/protocol/schemas";
import { badRequest } from "../../errors.ts";
import { isRecord } from "../../models/stored-model.ts";
import type { AnthropicMessage, Block, CountTokensRequest } from "./schema.ts";

/**
 * Turns system and messages into ours. Tool results of a user's turn come before its text, since they answer the turn
 * before; elsewhere they follow; blocks of unknown kinds are left out, and warned of.
 * @throws ApiError `BAD_REQUEST`
 */
export function toMessages(request: CountTokensRequest, warn: (warning: string) => void): Message[] {
  const system = textOf(readSystem(request.system));
  const turns = (request.messages ?? []).flatMap((message) => {
    // Ollama's words for a message without content.
    if (message.content === undefined) throw badRequest("unexpected end of JSON input");
    warnOfBlocks(message.content, warn);
    return toTurn(message);
  });
  return system === "" ? turns : [{ role: "system", content: system }, ...turns];
}

function toTurn(message: AnthropicMessage): Message[] {
  const role = (message.role ?? "").toLowerCase();
  const content = message.content ?? "";
  // A turn that says nothing is none.
  if (typeof content === "string") return content === "" ? [] : [{ role, content }];
  const results = content.filter(({ type }) => type === "tool_result").map(toToolResult);
  const text = textOf(content);
  const images = content.filter(({ type }) => type === "image").map(toImage);
  // Of several thoughts the last one counts.
  const thinking = content.findLast(({ type }) => type === "thinking")?.thinking ?? "";
  const calls = content.filter(({ type }) => type === "tool_use").map(toToolCall);
  const isSaid = text !== "" || images.length > 0 || thinking !== "" || calls.length > 0;
  if (!isSaid) return results;
  const turn: Message = {
    role,
    content: text,
    ...(thinking !== "" && { thinking }),
    ...(images.length > 0 && { images }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return role === "user" ? [...results, turn] : [turn, ...results];
}

/** A text or blocks; anything else says nothing. */
function readSystem(system: unknown): string | readonly Block[] {
  if (typeof system === "string") return system;
  return Array.isArray(system) ? system.filter(isRecord) : "";
}

const knownBlocks: ReadonlySet<unknown> = new Set([
  "text",
  "image",
  "tool_use",
  "tool_result",
  "thinking",
  // What others thought, and what their servers searched, in histories that go on here.
  "redacted_thinking",
  "server_tool_use",
  "web_search_tool_result",
]);

function warnOfBlocks(content: string | readonly Block[], warn: (warning: string) => void): void {
  if (typeof content === "string") return;
  for (const { type } of content)
    if (!knownBlocks.has(type)) warn(`content blocks of type ${JSON.stringify(type ?? "")} have no effect`);
}

function toToolResult(block: Block): Message {
  const id = stringOf(block["tool_use_id"]);
  const content = block["content"];
  if (!Array.isArray(content)) return { role: "tool", content: stringOf(content), tool_call_id: id };
  const blocks: Block[] = content;
  const images = blocks.filter(({ type }) => type === "image").map(toImage);
  return { role: "tool", content: textOf(blocks), tool_call_id: id, ...(images.length > 0 && { images }) };
}

function toToolCall(block: Block): ToolCall {
  const { id, name, input } = block;
  if (typeof id !== "string" || id === "") throw badRequest("tool_use block missing required 'id' field");
  if (typeof name !== "string" || name === "")
    throw badRequest("tool_use block missing required 'name' field");
  if (input !== undefined && (typeof input !== "object" || Array.isArray(input)))
    throw badRequest("tool_use block: 'input' must be an object");
  const args = typeof input === "object" && input !== null ? { ...input } : {};
  return { id, function: { name, arguments: args } };
}

function toImage(block: Block): string {
  const source = block["source"];
  if (typeof source !== "object" || source === null) throw badRequest("invalid image source");
  const { type, data } = { type: undefined, data: undefined, ...source };
  if (type !== "base64" || typeof data !== "string") {
    throw badRequest(`invalid image source type: ${String(type)}. Only base64 images are supported.`);
  }
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(data)) {
    throw badRequest(`invalid base64 image data: ${describeBase64Error(data)}`);
  }
  return data;
}

function textOf(content: string | readonly Block[] | undefined): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content.map((block) => (block.type === "text" ? stringOf(block["text"]) : "")).join("");
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
