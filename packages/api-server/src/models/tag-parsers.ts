import { type OutputParser, ThinkingParser, type ThinkingTags, ToolTagParser } from "@puna/model-format";
import type { Tool } from "@puna/protocol";
import type { AnswerReading } from "./model-prompt.ts";

/** Reads thinking by its tags; undefined when nobody wants it, or the tags are not known. */
export function thinkingParser(
  { opening, closing }: ThinkingTags,
  { think, prompt }: AnswerReading,
): OutputParser | undefined {
  if (opening === "" || closing === "" || think === undefined || think === false) return undefined;
  return new ThinkingParser({ opening, closing, startsInside: prompt.trimEnd().endsWith(opening) });
}

/** Reads tool calls by the tag that begins them; undefined without tools to call. */
export function toolCallParser(tag: string, tools: readonly Tool[]): OutputParser | undefined {
  return tools.length > 0 ? new ToolTagParser(tag, tools) : undefined;
}

/** A tag that is one token in many vocabularies must arrive as text; a bracket always does. */
export function preservedTags(tag: string, tools: readonly Tool[]): readonly string[] {
  return tools.length > 0 && tag.length > 1 ? [tag] : [];
}
