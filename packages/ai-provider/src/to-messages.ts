import {
  type LanguageModelV4FilePart,
  type LanguageModelV4Message,
  type LanguageModelV4Prompt,
  type LanguageModelV4ToolResultOutput,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import type { MessageInput } from "@puna/sdk";

type UserContent = Extract<LanguageModelV4Message, { role: "user" }>["content"];
type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];
type File = Pick<LanguageModelV4FilePart, "data" | "mediaType">;
type Picture = NonNullable<MessageInput["images"]>[number];

/** @throws UnsupportedFunctionalityError for files that no message of the wire can hold */
export function toMessages(prompt: LanguageModelV4Prompt): MessageInput[] {
  return prompt.flatMap(fromMessage);
}

function fromMessage(message: LanguageModelV4Message): MessageInput[] {
  switch (message.role) {
    case "system":
      return [{ role: "system", content: message.content }];
    case "user":
      return [fromUser(message.content)];
    case "assistant":
      return [fromAssistant(message.content)];
    case "tool":
      // Approvals are the caller's affair: what was refused comes back as a result of its own.
      return message.content
        .filter((part) => part.type === "tool-result")
        .map((part) => ({
          role: "tool",
          ...fromResult(part.output),
          tool_name: part.toolName,
          tool_call_id: part.toolCallId,
        }));
    default:
      return message satisfies never;
  }
}

function fromUser(parts: UserContent): MessageInput {
  const texts: string[] = [];
  const images: Picture[] = [];
  for (const part of parts) {
    if (part.type === "text") texts.push(part.text);
    else addFile(part, texts, images);
  }
  return { role: "user", content: texts.join("\n"), ...(images.length > 0 && { images }) };
}

function fromAssistant(parts: AssistantContent): MessageInput {
  let content = "";
  let thinking = "";
  const calls: NonNullable<MessageInput["tool_calls"]>[number][] = [];
  for (const part of parts) {
    switch (part.type) {
      case "text":
        content += part.text;
        break;
      case "reasoning":
        thinking += part.text;
        break;
      case "tool-call":
        calls.push({
          id: part.toolCallId,
          function: { index: calls.length, name: part.toolName, arguments: toArguments(part.input) },
        });
        break;
      default:
        throw unsupported(`${part.type} in a message of the assistant`);
    }
  }
  return {
    role: "assistant",
    content,
    ...(thinking !== "" && { thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function toArguments(input: unknown): Readonly<Record<string, unknown>> {
  // The AI SDK keeps calls it could not read as text; the model sees them under a name of their own.
  if (typeof input !== "object" || input === null) return { input };
  return { ...input };
}

function fromResult(output: LanguageModelV4ToolResultOutput): Pick<MessageInput, "content" | "images"> {
  switch (output.type) {
    case "text":
      return { content: output.value };
    case "error-text":
      return { content: `Error: ${output.value}` };
    case "json":
      return { content: JSON.stringify(output.value) };
    case "error-json":
      return { content: `Error: ${JSON.stringify(output.value)}` };
    case "execution-denied":
      return { content: output.reason ?? "The user did not allow this call." };
    case "content": {
      const texts: string[] = [];
      const images: Picture[] = [];
      for (const part of output.value) {
        if (part.type === "text") texts.push(part.text);
        else if (part.type === "file") addFile(part, texts, images);
        else throw unsupported("custom parts in the result of a tool");
      }
      return { content: texts.join("\n"), ...(images.length > 0 && { images }) };
    }
  }
}

function addFile({ data, mediaType }: File, texts: string[], images: Picture[]): void {
  if (data.type === "text") texts.push(data.text);
  else if (data.type !== "data") throw unsupported(`files given as ${data.type}`);
  // Sound travels where pictures do.
  else if (/^(image|audio)(\/|$)/.test(mediaType)) images.push(data.data);
  else if (/^text(\/|$)/.test(mediaType)) texts.push(textOf(data.data));
  else throw unsupported(`files of type ${mediaType}`);
}

function textOf(data: Uint8Array | string): string {
  const bytes =
    typeof data === "string" ? Uint8Array.from(atob(data), (character) => character.charCodeAt(0)) : data;
  return new TextDecoder().decode(bytes);
}

function unsupported(functionality: string): UnsupportedFunctionalityError {
  return new UnsupportedFunctionalityError({ functionality });
}
