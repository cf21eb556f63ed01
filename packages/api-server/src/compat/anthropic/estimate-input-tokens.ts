import { escapeGoJson } from "@puna/protocol";
import { isRecord } from "../../models/stored-model.ts";
import type { CountTokensRequest } from "./schema.ts";

/**
 * Guesses the prompt's tokens for `message_start`, which is sent before the prompt is read: a quarter of its characters.
 * Schemas count as Python's clients write them, with blanks after `:` and `,`.
 * @source ollama anthropic/anthropic.go
 */
export function estimateInputTokens(request: CountTokensRequest): number {
  let characters = lengthOf(request.system);
  for (const message of request.messages ?? [])
    characters += (message.role ?? "").length + lengthOf(message.content);
  for (const tool of request.tools ?? []) {
    characters +=
      (tool.name ?? "").length + (tool.description ?? "").length + spacedLength(tool.input_schema);
  }
  return Math.max(1, Math.trunc(characters / 4));
}

function lengthOf(content: unknown): number {
  if (typeof content === "string") return Buffer.byteLength(content);
  if (!Array.isArray(content)) return 0;
  return content.reduce((sum: number, block: unknown) => sum + blockLength(block), 0);
}

function blockLength(block: unknown): number {
  if (!isRecord(block)) return 0;
  const { type, text, thinking } = block;
  const isTool = type === "tool_use" || type === "tool_result";
  return lengthOf(text) + lengthOf(thinking) + (isTool ? printedLength(block) : 0);
}

/** Fields of a block that count where the block counts as it is printed; empty ones are left out. */
const printedFields = [
  "type",
  "text",
  "id",
  "name",
  "input",
  "tool_use_id",
  "content",
  "is_error",
  "thinking",
  "signature",
];

function printedLength(block: Readonly<Record<string, unknown>>): number {
  const isSaid = (value: unknown) => value !== undefined && value !== null && value !== "" && value !== false;
  const printed = printedFields.filter((name) => isSaid(block[name])).map((name) => [name, block[name]]);
  return Buffer.byteLength(escapeGoJson(JSON.stringify(Object.fromEntries(printed))));
}

function spacedLength(value: unknown): number {
  if (value === undefined) return 0;
  const separators = countSeparators(value);
  return Buffer.byteLength(JSON.stringify(value)) + separators;
}

/** One blank after each `:` and `,` between values. */
function countSeparators(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const items = Object.values(value);
  const own = Math.max(0, items.length - 1) + (Array.isArray(value) ? 0 : items.length);
  return items.reduce((sum: number, item) => sum + countSeparators(item), own);
}
