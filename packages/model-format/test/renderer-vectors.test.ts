import type { Message, ThinkValue, Tool } from "@puna/protocol";
import { expect, test } from "vitest";
import { rendererFor } from "../src/prompt/renderer-registry.ts";
import { vectorFile } from "../src/testing/vectors.ts";

interface RecordedTool {
  readonly type: string;
  readonly function: {
    readonly name: string;
    readonly parameters?: Partial<Tool["function"]["parameters"]>;
  };
}

interface RecordedConversation {
  readonly messages: readonly Message[];
  readonly tools?: readonly RecordedTool[];
  readonly think?: ThinkValue;
}

interface Case {
  readonly id: string;
  readonly renderer: string;
  readonly conversation: string;
  readonly leading_bos: string;
  readonly output?: string;
  readonly error?: string;
  readonly unstable?: boolean;
}

interface Conversations {
  readonly conversations: readonly { readonly id: string; readonly input: RecordedConversation }[];
}

const now = new Date();
const inputs = vectorFile<Conversations>("render-builtin/conversations.json")?.conversations ?? [];
const conversations = new Map(inputs.map(({ id, input }) => [id, input]));
const recordings = vectorFile<{ readonly cases: readonly Case[] }>("render-builtin/renderers.json");
const cases = (recordings?.cases ?? []).filter(({ unstable }) => unstable !== true);

test.skipIf(recordings === undefined)("there are recorded cases", () => {
  console.log(`render-builtin: ${cases.length} cases run`);
  expect(cases.length).toBeGreaterThan(0);
});

test.each(cases)("$id renders as recorded", ({ renderer, conversation, output, error, leading_bos }) => {
  const recorded = conversations.get(conversation);
  if (recorded === undefined) throw new Error(`no conversation ${conversation}`);
  const attempt = () => {
    const found = rendererFor(renderer, { now: () => now });
    expect(found.leadingBos).toBe(leading_bos);
    return found.render(asRequested(recorded));
  };
  if (error !== undefined) expect(attempt).toThrowError(error);
  else expect(attempt()).toBe(withDate(output ?? ""));
});

/** What the request reader makes of it: roles in lower case, parameters always there. */
function asRequested({ messages, tools, think }: RecordedConversation) {
  return {
    messages: messages.map((message) => ({ ...message, role: message.role.toLowerCase() })),
    ...(tools ? { tools: tools.map(asTool) } : {}),
    ...(think !== undefined ? { think } : {}),
  };
}

function asTool({ type, function: { parameters, ...rest } }: RecordedTool): Tool {
  return { type, function: { ...rest, parameters: { type: "", properties: null, ...parameters } } };
}

function withDate(output: string): string {
  const day = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  return output.replaceAll("<currentDate>", day);
}
