import type { Message, ToolCall } from "@puna/protocol";
import { parseOrderedJson } from "@puna/protocol";
import { describeBase64Error } from "@puna/protocol/schemas";
import type { z } from "zod";
import { badRequest } from "../../errors.ts";
import { isRecord } from "../../models/stored-model.ts";
import type { OpenAiMessage, toolCallSchema } from "./chat-schema.ts";
import { goTypeOf } from "./go-type-of.ts";

const imageDataUrl = /^data:(?:image\/(?:jpeg|jpg|png|webp))?;base64,(.*)$/s;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Turns OpenAI's messages into ours. Each part of a content array becomes a message of its own, as Ollama has it.
 * @throws ApiError `BAD_REQUEST` with Ollama's words
 */
export function toMessages(messages: readonly OpenAiMessage[]): Message[] {
  return messages.flatMap((message, index) => toMessage(message, messages.slice(0, index)));
}

function toMessage(message: OpenAiMessage, earlier: readonly OpenAiMessage[]): Message[] {
  const role = toRole(message.role);
  const calls = message.tool_calls?.map(toToolCall) ?? [];
  const thinking = message.reasoning ?? message.reasoning_content;
  const answered = {
    ...(message.tool_call_id !== undefined && { tool_call_id: message.tool_call_id }),
    ...toolNameOf(message, role, earlier),
  };
  const whole = {
    ...(thinking !== undefined && { thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  if (typeof message.content === "string") {
    return [{ role, content: message.content, ...whole, ...answered }];
  }
  if (Array.isArray(message.content)) {
    const parts = message.content.map((part) => ({
      role,
      ...toPart(part),
      ...(role === "tool" && answered),
    }));
    const last = parts.pop();
    return last === undefined ? [] : [...parts, { ...last, ...whole }];
  }
  if (calls.length > 0) return [{ role, content: "", ...whole, ...answered }];
  throw badRequest(`invalid message content type: ${goTypeOf(message.content)}`);
}

/** What OpenAI calls the system's turns by now. Templates know the old name, and would leave out the new one. */
export function toRole(role = ""): string {
  const lower = role.toLowerCase();
  return lower === "developer" ? "system" : lower;
}

function toPart(part: unknown): { content: string; images?: string[] } {
  const { type, text, image_url: image, input_audio: audio } = asRecord(part);
  if (type === "text" && typeof text === "string") return { content: text };
  if (type === "image_url") {
    const url = typeof image === "string" ? image : asRecord(image)["url"];
    if (typeof url !== "string") throw badRequest("invalid message format");
    return { content: "", images: [imageData(url)] };
  }
  if (type === "input_audio") {
    if (!isRecord(audio)) throw badRequest("invalid input_audio format");
    const { data } = audio;
    if (typeof data !== "string") throw badRequest("invalid input_audio format: missing data");
    if (!base64.test(data)) throw badRequest(`invalid input_audio base64 data: ${describeBase64Error(data)}`);
    return { content: "", images: [data] };
  }
  throw badRequest("invalid message format");
}

/** @throws ApiError `BAD_REQUEST` for anything but a base64 data URL of a known kind */
export function imageData(url: string): string {
  if (/^https?:\/\//.test(url)) {
    throw badRequest("image URLs are not currently supported, please use base64 encoded data instead");
  }
  const data = imageDataUrl.exec(url)?.[1];
  if (data === undefined || !base64.test(data)) throw badRequest("invalid image input");
  return data;
}

function toToolCall({ id, function: call }: z.output<typeof toolCallSchema>): ToolCall {
  return {
    ...(id !== undefined && { id }),
    function: { name: call.name, arguments: parseArguments(call.arguments) },
  };
}

/** @throws ApiError `BAD_REQUEST` */
export function parseArguments(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseOrderedJson(text);
    if (isRecord(value)) return value;
  } catch (cause) {
    throw badRequest("invalid tool call arguments", cause);
  }
  throw badRequest("invalid tool call arguments");
}

function toolNameOf(message: OpenAiMessage, role: string, earlier: readonly OpenAiMessage[]) {
  if (role !== "tool") return {};
  if (message.name !== undefined) return { tool_name: message.name };
  const calls = earlier.flatMap((other) => other.tool_calls ?? []);
  const name = calls.findLast((call) => call.id === message.tool_call_id)?.function.name;
  return name === undefined ? {} : { tool_name: name };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
