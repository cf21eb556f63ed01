import type { Tool } from "@puna/protocol";
import type { ThinkingTags } from "./infer-tags.ts";
import type { OutputParser } from "./output-parser.ts";
import { callTags } from "./parsers/loose/judge-tagged.ts";
import { looseStages } from "./parsers/loose/loose-stages.ts";
import { collect, everything, leadingTag, skipBlanks } from "./parsers/reading/collect.ts";
import { type State, streamParser } from "./parsers/reading/stream-parser.ts";

export interface LooseToolCallOptions {
  readonly tools?: readonly Tool[];
  /** Tags the model thinks between; without them all text is answer. */
  readonly thinking?: ThinkingTags;
  /** The prompt ended with the opening tag: the text begins inside the thinking. */
  readonly startsInside?: boolean;
}

/** Special tokens of models that must arrive as text for their calls to be seen; thinking tags come on top. */
export const looseToolCallTokens: readonly string[] = /* @__PURE__ */ callTags.concat(
  "</tool_call>",
  "[ARGS]",
  "[CALL_ID]",
);

/**
 * Finds tool calls as models without a parser of their own write them: Qwen's and Hermes' `<tool_call>`,
 * Mistral's `[TOOL_CALLS]`, Llama's bare `{"name": …, "parameters": …}`, `<|python_tag|>` and
 * `<function=…>`, JSON in a fence, one or several or in a list, closing tags or the last bracket missing,
 * text before and after.
 *
 * Why so lenient: small models know what to call but not how the template wants it written, and a call that
 * reaches the client as text is a failed turn. What keeps text safe is that tools must have been offered,
 * that the name must be that of a declared tool, that bare JSON and fences count only where a line begins,
 * and that an object with more keys than calls have is none. What turns out to be no call is released as it
 * was written; only blanks around calls vanish.
 */
export function looseToolCalls(options: LooseToolCallOptions): OutputParser {
  const { tools = [], thinking: tags, startsInside = false } = options;
  const stages = tools.length === 0 ? undefined : looseStages(tools);
  const content = stages?.content ?? everything;
  if (tags === undefined || tags.closing === "") return streamParser(content);

  const call = stages?.callOr("thinking", () => thinking);
  const thinking: State = collect({
    into: "thinking",
    tags: {
      [tags.closing]: () => skipBlanks(() => content),
      // Models forget to close their thinking before a call.
      ...(call === undefined ? {} : { "<tool_call>": { to: () => call, leave: true } }),
    },
    atEnd: "keep",
  });
  if (tags.opening === "") return streamParser(startsInside ? thinking : content);
  return streamParser(
    leadingTag(tags.opening, {
      found: () => thinking,
      missing: () => (startsInside ? thinking : content),
      atEnd: "keep",
    }),
  );
}
