import { type Probe, tryProbe } from "./probe.ts";

/** What a template understands, found out by trying. What it does not is put in other words for it. */
export interface TemplateTraits {
  /** Content must be a list of typed parts; plain text is lost or refused. */
  readonly wantsTypedContent: boolean;
  readonly writesSystem: boolean;
  readonly writesTools: boolean;
  /** Calls of earlier answers appear in the prompt. */
  readonly writesCalls: boolean;
  /** Results, as messages of the role `tool`, appear in the prompt. */
  readonly writesResults: boolean;
  /** Arguments of calls must be JSON text; an object is refused or printed as Python prints it. */
  readonly wantsTextArguments: boolean;
  /** Ids of calls must have nine letters and digits, as Mistral's do. */
  readonly wantsShortIds: boolean;
}

interface ProbeCall {
  readonly arguments: unknown;
  readonly id: string;
}

const user = { role: "user", content: "probe-question" };
const tool = {
  type: "function",
  function: {
    name: "probe_tool",
    description: "probe-description",
    parameters: {
      type: "object",
      properties: { probe_key: { type: "string", description: "probe" } },
      required: [],
    },
  },
};
const argumentsObject = { probe_key: "probe-value" };
const longId = "call_0123abcd";
const shortId = "abcdefgh1";

/**
 * Tries a template on small conversations.
 * @param run  renders it; whatever it throws as PromptError counts as not understood
 */
export function probeTraits(run: Probe): TemplateTraits {
  const wantsTypedContent =
    !shows(run, [user], "probe-question") &&
    shows(run, [{ ...user, content: typed("probe-question") }], "probe-question");
  const say = (content: string) => (wantsTypedContent ? typed(content) : content);
  const question = { role: "user", content: say("probe-question") };
  const conversation = (call: ProbeCall) => [
    question,
    {
      role: "assistant",
      content: say(""),
      tool_calls: [
        { id: call.id, type: "function", function: { name: "probe_tool", arguments: call.arguments } },
      ],
    },
    { role: "tool", tool_call_id: call.id, name: "probe_tool", content: say("probe-result") },
    { role: "assistant", content: say("probe-answer") },
    question,
  ];
  const attempt = (call: ProbeCall) => tryRun(run, conversation(call), [tool]);

  const asText = JSON.stringify(argumentsObject);
  const ids = [longId, shortId];
  const forms = [argumentsObject, asText];
  const tries = ids.flatMap((id) => forms.map((form) => ({ id, arguments: form })));
  // The first form that shows the arguments as JSON or tags wins; one that at least runs is second best.
  const good = tries.find((call) => wellWritten(attempt(call)));
  const chosen = good ?? tries.find((call) => attempt(call) !== undefined);
  const output = chosen === undefined ? undefined : attempt(chosen);
  return {
    wantsTypedContent,
    writesSystem: shows(run, [{ role: "system", content: say("probe-rules") }, question], "probe-rules"),
    writesTools: tryRun(run, [question], [tool])?.includes("probe_tool") ?? false,
    writesCalls: output?.includes("probe-value") ?? false,
    writesResults: output?.includes("probe-result") ?? false,
    wantsTextArguments: chosen?.arguments === asText,
    wantsShortIds: chosen?.id === shortId,
  };
}

function typed(text: string): readonly unknown[] {
  return [{ type: "text", text }];
}

/** The arguments are there, and neither quoted twice nor in Python's notation. */
function wellWritten(output: string | undefined): boolean {
  if (output === undefined || !output.includes("probe-value")) return false;
  return !output.includes('\\"probe_key') && !output.includes("{'probe_key");
}

function shows(run: Probe, messages: readonly unknown[], words: string): boolean {
  return tryRun(run, messages)?.includes(words) ?? false;
}

function tryRun(run: Probe, messages: readonly unknown[], tools?: readonly unknown[]): string | undefined {
  return tryProbe(run, { messages, ...(tools && { tools }), add_generation_prompt: true });
}
