import { type Probe, samePrefix, tryProbe } from "./probe.ts";

/** What a template writes around thinking, blanks included. */
export interface ThinkingFrame {
  /** "" where nothing marks the beginning. */
  readonly opening: string;
  readonly closing: string;
  /** An answer without thinking begins with the closing all the same. */
  readonly closesAlone?: boolean;
}

const question = { role: "user", content: "probe-question" };
const answer = { role: "assistant", content: "probe-answer" };
const thoughts = "probe-thoughts";

const tag = "(?:<[^<>]+>|\\[[^\\[\\]]+\\])";

/**
 * Finds out how a template marks thinking, from an answer with thoughts and from the prompts with and without thinking.
 * @param run  renders; whatever it throws as PromptError counts as not understood
 * @source llama.cpp common/chat-diff-analyzer.cpp: the same two comparisons
 */
export function thinkingFrame(text: string, run: Probe): ThinkingFrame | undefined {
  const shown = aroundThoughts(
    tryProbe(run, { messages: [question, { ...answer, reasoning_content: thoughts }] }),
  );
  const frame = withPromptTags(shown, run);
  if (frame !== undefined) return closesAlone(frame, run) ? { ...frame, closesAlone: true } : frame;
  // Some templates cut thinking away, or expect it in another place, but name its tags.
  return namedFrames.find(({ opening, closing }) => text.includes(opening) && text.includes(closing));
}

const namedFrames: readonly ThinkingFrame[] = [
  { opening: "<think>", closing: "</think>" },
  { opening: "[THINK]", closing: "[/THINK]" },
];

function aroundThoughts(output: string | undefined): ThinkingFrame | undefined {
  if (output === undefined || !output.includes(thoughts)) return undefined;
  const around = new RegExp(`(${tag}\\s*)${thoughts}(\\s*${tag}\\s*)`).exec(output);
  if (around !== null) return { opening: around[1] ?? "", closing: around[2] ?? "" };
  const behind = new RegExp(`${thoughts}\\s*(${tag}\\s*)`).exec(output);
  return behind === null ? undefined : { opening: "", closing: behind[1] ?? "" };
}

/** What a prompt ends with when thinking is wanted or not: an opening tag, or an empty block of thinking. */
function withPromptTags(shown: ThinkingFrame | undefined, run: Probe): ThinkingFrame | undefined {
  const { opening = "", closing = "" } = shown ?? {};
  const prompt = (enable_thinking: boolean) =>
    tryProbe(run, { messages: [question], enable_thinking, add_generation_prompt: true });
  const [off, on] = [prompt(false), prompt(true)];
  if (off === undefined || on === undefined) return shown;
  const same = samePrefix(off, on);
  const [added, lost] = [on.slice(same), off.slice(same)];
  if (lost.trim() === "" && added.trim() !== "" && opening === "") return { opening: added, closing };
  if (added.trim() === "" && lost.trim() !== "" && closing === "") {
    const pair = new RegExp(`^\\s*(${tag})\\s*(${tag}\\s*)$`).exec(lost);
    if (pair !== null && opening === "") return { opening: pair[1] ?? "", closing: pair[2] ?? "" };
    const before = new RegExp(`(${tag})\\s*$`).exec(off.slice(0, off.lastIndexOf(lost.trim())));
    return { opening: opening === "" ? (before?.[1] ?? "") + added : opening, closing: lost };
  }
  return shown;
}

function closesAlone({ closing }: ThinkingFrame, run: Probe): boolean {
  const prompt = tryProbe(run, { messages: [question], add_generation_prompt: true });
  const answered = tryProbe(run, { messages: [question, answer] });
  if (prompt === undefined || answered === undefined || closing.trim() === "") return false;
  return answered.slice(samePrefix(prompt, answered)).startsWith(closing.trim());
}
