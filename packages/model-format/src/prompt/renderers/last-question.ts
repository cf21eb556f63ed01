import type { Message } from "@puna/protocol";
import { imageMarkers } from "./image-markers.ts";
import { trimSpace } from "./trim-space.ts";

/**
 * Index of the user turn that the model is working on: the last one that is not a tool result in disguise.
 * Without any it is the last message. Thinking before it belongs to a finished question.
 */
export function lastQuestionIndex(messages: readonly Message[], trim = false): number {
  const index = messages.findLastIndex((message) => isQuestion(message, trim));
  return index === -1 ? messages.length - 1 : index;
}

/** A user turn whose text is not one `<tool_response>` element. */
export function isQuestion(message: Message, trim = false): boolean {
  if (message.role !== "user") return false;
  const content = imageMarkers()(message);
  const text = trim ? trimSpace(content) : content;
  return !(text.startsWith("<tool_response>") && text.endsWith("</tool_response>"));
}
