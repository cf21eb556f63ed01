import type { CallShape } from "../output/call-shape.ts";
import { inferTaggedShape } from "./infer-tagged-shape.ts";
import type { Probe } from "./probe.ts";
import type { TemplateTraits } from "./template-traits.ts";
import { probeNames, probeValues, writtenCalls } from "./written-calls.ts";

/**
 * Finds out how a template writes calls by having it write two of them, or one where it refuses two.
 * @param text  the template's own
 * @returns undefined where it writes none, or in a way that is neither JSON nor tags
 * @source llama.cpp common/chat-diff-analyzer.cpp: the same idea
 */
export function inferCallShape(text: string, run: Probe, traits: TemplateTraits): CallShape | undefined {
  const written = writtenCalls(run, traits, 2) ?? writtenCalls(run, traits, 1);
  if (written === undefined) return undefined;
  const tokens = tokensIn(written);
  const { tool, first } = probeNames;
  if (new RegExp(`\\{\\s*"${first}"\\s*:\\s*"${probeValues.first}"`).test(written)) {
    const lead = written.slice(0, written.search(new RegExp(`\\[?\\s*\\{|${tool}`))).trim();
    return { type: "json", tag: firstTag(lead), tokens };
  }
  const shape = inferTaggedShape(written, text.includes("<![CDATA["));
  return shape && { ...shape, tokens };
}

function firstTag(lead: string): string {
  return /^(?:<[^<>]+>?|\[[^[\]]+\]|[^<[]+|\S+)/.exec(lead)?.[0].trim() ?? "";
}

/** Tags, and marks of other signs that some vocabularies have inside of tags. */
function tokensIn(written: string): readonly string[] {
  const found = written.match(/<[^<>]+>|\[[A-Z_]+\]|｜[^｜<>]+｜|\][^\w\s]+\w+[^\w\s]+\[/g) ?? [];
  return [...new Set(found)].filter((token) => !token.includes("probe"));
}
