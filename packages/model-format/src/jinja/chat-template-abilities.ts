import { jinjaOffersTools, jinjaThinks } from "../capabilities.ts";
import type { TemplateAbilities } from "../prompt/choose-path.ts";

/**
 * What a Jinja chat template seems able to express, judged by its text alone.
 * @source ollama server/images.go: the words that it looks for
 */
export function chatTemplateAbilities(text: string): TemplateAbilities {
  return {
    abilities: [
      ...(jinjaOffersTools(text) ? (["tools"] as const) : []),
      ...(jinjaThinks(text) ? (["thinking"] as const) : []),
    ],
    roundTripsTools: jinjaOffersTools(text) && writesCalls(text) && writesResults(text),
  };
}

function writesCalls(text: string): boolean {
  return text.includes("tool_calls") || text.includes("assistant_tool_call");
}

function writesResults(text: string): boolean {
  const names = ["tool_response", "tool_results", "ipython"];
  const role = /role['"]\] == ['"]tool['"]|message\.role == ['"]tool['"]/;
  return names.some((name) => text.includes(name)) || role.test(text);
}
