import { PromptError } from "../errors.ts";

/** What a template writes around thinking, blanks included. */
export interface ThinkingFrame {
  /** "" where nothing marks the beginning. */
  readonly opening: string;
  readonly closing: string;
}

type Run = (variables: Readonly<Record<string, unknown>>) => string;

const question = { role: "user", content: "probe-question" };
const answer = { role: "assistant", content: "probe-answer" };
const thoughts = "probe-thoughts";

const tag = "(?:<[^<>]+>|\\[[^\\[\\]]+\\])";

/**
 * Finds out how a template marks thinking, from an answer with thoughts and from the prompts with and without thinking.
 * @param run  renders; whatever it throws as PromptError counts as not understood
 * @source llama.cpp common/chat-diff-analyzer.cpp: the same two comparisons
 */
export function thinkingFrame(text: string, run: Run): ThinkingFrame | undefined {
  const shown = aroundThoughts(tryRun(run, [question, { ...answer, reasoning_content: thoughts }], {}));
  const frame = withPromptTags(shown, run);
  if (frame !== undefined) return frame;
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
function withPromptTags(shown: ThinkingFrame | undefined, run: Run): ThinkingFrame | undefined {
  const { opening = "", closing = "" } = shown ?? {};
  const off = tryRun(run, [question], { enable_thinking: false, add_generation_prompt: true });
  const on = tryRun(run, [question], { enable_thinking: true, add_generation_prompt: true });
  if (off === undefined || on === undefined) return shown;
  const same = samePrefix(off, on);
  const [added, lost] = [on.slice(same), off.slice(same)];
  if (lost.trim() === "" && added.trim() !== "" && opening === "") return { opening: added, closing };
  if (added.trim() === "" && lost.trim() !== "" && closing === "") {
    const before = new RegExp(`(${tag})\\s*$`).exec(off.slice(0, off.lastIndexOf(lost.trim())));
    return { opening: opening === "" ? (before?.[1] ?? "") : opening, closing: lost };
  }
  return shown;
}

function samePrefix(a: string, b: string): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  return same;
}

function tryRun(
  run: Run,
  messages: readonly unknown[],
  variables: Readonly<Record<string, unknown>>,
): string | undefined {
  try {
    return run({ messages, ...variables });
  } catch (error) {
    if (PromptError.is(error)) return undefined;
    throw error;
  }
}
