import { leadingSpaceLength } from "../reading/hold-back.ts";
import { type LooseJson, readLooseJson } from "./loose-json.ts";
import type { LooseContext, Verdict } from "./verdict.ts";

export const fence = "```";

/** Fences that may hold a call; anything in another language is code to show. */
const callLanguages = ["", "json", "tool_call", "tool_calls", "tool"];

/** JSON that stands alone. */
export function judgeBareJson(text: string, context: LooseContext): Verdict {
  const mayBeTag = text.length > 1 && "[TOOL_CALLS]".startsWith(text);
  if (mayBeTag && !context.ended) return { type: "open" };
  return toVerdict(readLooseJson(text, { ...context, tagged: false }), 0, []);
}

/** JSON in a fence; a fence with anything else in it is shown as it is. */
export function judgeFence(text: string, context: LooseContext): Verdict {
  const code: Verdict = { type: "code", length: fence.length };
  const line = /^[^\n]*/.exec(text.slice(fence.length))?.[0] ?? "";
  const language = line.trim().toLowerCase();
  const lineEnd = fence.length + line.length;
  // Longer than any of them with some blanks: no need to wait for the end of such a line.
  if (line.length > 32) return code;
  if (lineEnd === text.length) {
    const may = callLanguages.some((name) => name.startsWith(language));
    return may && !context.ended ? { type: "open" } : code;
  }
  if (!callLanguages.includes(language)) return code;
  const start = lineEnd + leadingSpaceLength(text.slice(lineEnd));
  if (start === text.length && !context.ended) return { type: "open" };
  const json = text.slice(start);
  if (!/^[{[]/.test(json)) return code;
  const verdict = toVerdict(readLooseJson(json, { ...context, tagged: false }), start, [fence]);
  return verdict.type === "text" ? code : verdict;
}

/**
 * @param offset  where the JSON begins in the text that is judged
 */
export function toVerdict(found: LooseJson, offset: number, closes: readonly string[]): Verdict {
  switch (found.type) {
    case "open":
      return { type: "open" };
    case "calls":
      return { type: "calls", calls: found.calls, length: offset + found.end, closes };
    case "value":
      return { type: "text", length: offset + found.end };
    case "other":
    case "broken":
      return { type: "text", length: offset + 1 };
    default:
      return found satisfies never;
  }
}
