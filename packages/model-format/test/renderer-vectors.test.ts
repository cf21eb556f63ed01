import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Message, ThinkValue, Tool } from "@puna/protocol";
import { afterAll, expect, test } from "vitest";
import { rendererFor } from "../src/prompt/renderer-registry.ts";

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

const vectors = process.env["PUNA_VECTORS"] ?? join(import.meta.dirname, "../../../../shared/vectors");
const folder = join(vectors, "render-builtin");
const isThere = existsSync(join(folder, "renderers.json"));
if (!isThere && process.env["CI"] === "true") throw new Error(`the vectors are missing at ${vectors}`);
if (!isThere) console.log(`skipped: no vectors at ${vectors}`);

const now = new Date();
const conversations = isThere ? readConversations() : new Map<string, RecordedConversation>();
const cases = isThere ? readCases() : [];
let ran = 0;
afterAll(() => console.log(`render-builtin vectors: ${ran} cases ran`));

test.skipIf(!isThere)("there are recorded cases", () => expect(cases.length).toBeGreaterThan(0));

test.each(cases)("$id renders as recorded", ({ renderer, conversation, output, error, leading_bos }) => {
  ran += 1;
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

function readConversations(): ReadonlyMap<string, RecordedConversation> {
  const file: { conversations: { id: string; input: RecordedConversation }[] } = JSON.parse(
    readFileSync(join(folder, "conversations.json"), "utf8"),
  );
  return new Map(file.conversations.map(({ id, input }) => [id, input]));
}

function readCases(): readonly Case[] {
  const file: { cases: Case[] } = JSON.parse(readFileSync(join(folder, "renderers.json"), "utf8"));
  return file.cases.filter((recorded) => recorded.unstable !== true);
}

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
