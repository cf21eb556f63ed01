import type { Tool } from "@puna/protocol";
import { spacedJson, toolValue } from "./ordered-json.ts";

export const lagunaBos = "〈|EOS|〉";

/** Speaks where a conversation has no system turn in front. */
export const lagunaDefaultSystem =
  "You are a helpful, conversationally-fluent assistant made by Poolside. You are here to be helpful to users through natural language conversations.";

/**
 * The list of functions on offer.
 * @source chat template of poolside/Laguna
 */
export function lagunaToolList(tools: readonly Tool[]): string {
  const list = tools.map((tool) => `${spacedJson(toolValue(tool))}\n`).join("");
  return `### Tools

You may call functions to assist with the user query.
All available function signatures are listed below:
<available_tools>
${list}</available_tools>`;
}

/** Text as it is, everything else as JSON with spaces. */
export function lagunaValue(value: unknown): string {
  return typeof value === "string" ? value : spacedJson(value);
}
