import { type Probe, samePrefix, sameSuffix, tryProbe } from "./probe.ts";
import type { TemplateTraits } from "./template-traits.ts";

export const probeNames = { tool: "probe_tool", first: "probe_first", second: "probe_second" } as const;
export const probeValues = { first: "probe-text", second: 7301, other: "probe-other" } as const;

/**
 * What a template writes in the place of an answer for so many calls.
 * @returns undefined where it refuses them or leaves them out
 */
export function writtenCalls(run: Probe, traits: TemplateTraits, count: number): string | undefined {
  const say = (content: string) => (traits.wantsTypedContent ? [{ type: "text", text: content }] : content);
  const question = { role: "user", content: say("probe-question") };
  const { tool: name, first, second } = probeNames;
  const call = (id: string, values: object) => ({
    id,
    type: "function",
    function: { name, arguments: traits.wantsTextArguments ? JSON.stringify(values) : values },
  });
  const calls = [
    call("probe0001", { [first]: probeValues.first, [second]: probeValues.second }),
    call("probe0002", { [first]: probeValues.other }),
  ];
  const render = (answer: object) =>
    tryProbe(run, { messages: [question, { role: "assistant", ...answer }], tools: [probeTool] });
  const output = render({ content: say(""), tool_calls: calls.slice(0, count) });
  const plain = render({ content: say("probe-answer") });
  const wanted = [probeValues.first, ...(count > 1 ? [probeValues.other] : [])];
  if (output === undefined || plain === undefined || !wanted.every((text) => output.includes(text)))
    return undefined;
  const start = tagStart(output, samePrefix(output, plain));
  return output.slice(start, Math.max(start, output.length - sameSuffix(output, plain)));
}

const probeTool = {
  type: "function",
  function: {
    name: probeNames.tool,
    description: "probe-description",
    parameters: {
      type: "object",
      properties: { [probeNames.first]: { type: "string" }, [probeNames.second]: { type: "integer" } },
      required: [],
    },
  },
};

/** The place itself, or where the tag begins that it is within. */
function tagStart(text: string, at: number): number {
  const open = text.lastIndexOf("<", at - 1);
  return open === -1 || text.slice(open, at).includes(">") ? at : open;
}
