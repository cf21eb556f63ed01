import type { Message, ThinkValue, Tool } from "@puna/protocol";
import { describe, expect, it } from "vitest";
import { vectorFile } from "../testing/vectors.ts";
import { PromptTemplate } from "./prompt-template.ts";

interface ConversationInput {
  readonly messages?: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly think?: ThinkValue;
  readonly prompt?: string;
  readonly suffix?: string;
}
interface RenderCase {
  readonly id: string;
  readonly template: string;
  readonly conversation: string;
  readonly output?: string;
  readonly error?: string;
  readonly unstable?: boolean;
}
interface DetectCase {
  readonly id: string;
  readonly template: string;
  readonly vars?: readonly string[];
  readonly template_capabilities?: readonly string[];
  readonly thinking_open_tag?: string;
  readonly thinking_close_tag?: string;
  readonly tool_call_tag?: string;
  readonly parse_error?: string;
}

const now = new Date();
const local = (date: Date) =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
const withDates = (text: string) =>
  text
    .replaceAll("<currentDate>", local(now))
    .replaceAll("<yesterdayDate>", local(new Date(now.getTime() - 86_400_000)));

const conversations = new Map(
  vectorFile<{ conversations: { id: string; input: ConversationInput }[] }>(
    "go-template/conversations.json",
  )?.conversations.map(({ id, input }) => [id, input]),
);

/** Templates are under their ids beside one `about`. */
function templates(set: string): Record<string, string> {
  const file = vectorFile<Record<string, unknown>>(`go-template/templates-${set}.json`) ?? {};
  const { templates: nested = file } = file;
  return nested as Record<string, string>;
}

function render(source: string, { messages, tools, think, prompt, suffix }: ConversationInput): string {
  const template = PromptTemplate.parse(source, { now: () => now });
  const thinking = think === undefined ? {} : { think };
  if (prompt && suffix) return template.fillInTheMiddle({ prompt, suffix, ...thinking });
  // Roles are lower-cased where requests are read.
  const turns = (messages ?? []).map((message) => ({ ...message, role: message.role.toLowerCase() }));
  return template.render({ messages: turns, ...(tools ? { tools } : {}), ...thinking });
}

describe.each(["custom", "published"])("recorded %s templates", (set) => {
  const sources = templates(set);
  const rendered = (
    vectorFile<{ cases: RenderCase[] }>(`go-template/render-${set}.json`)?.cases ?? []
  ).filter(({ unstable }) => !unstable);

  it.skipIf(rendered.length === 0)("render to the recorded text", () => {
    const wrong = rendered.flatMap((recorded) => {
      const input = conversations.get(recorded.conversation) ?? {};
      let got: { output?: string; error?: string };
      try {
        got = { output: render(sources[recorded.template] ?? "", input) };
      } catch (error) {
        got = { error: error instanceof Error ? error.message : String(error) };
      }
      if (recorded.error !== undefined) {
        return got.error === undefined ? [{ id: recorded.id, want: recorded.error, got: got.output }] : [];
      }
      const want = withDates(recorded.output ?? "");
      return got.output === want ? [] : [{ id: recorded.id, want, got: got.output ?? got.error }];
    });
    console.log(`go-template/render-${set}: ${rendered.length - wrong.length} of ${rendered.length} cases`);
    expect(wrong).toEqual([]);
  });

  it.skipIf(rendered.length === 0)("fail in the recorded words", () => {
    const failing = rendered.filter(({ error }) => error !== undefined);
    const wrong = failing.flatMap((recorded): object[] => {
      try {
        render(sources[recorded.template] ?? "", conversations.get(recorded.conversation) ?? {});
        return [{ id: recorded.id, want: recorded.error }];
      } catch (error) {
        const got = error instanceof Error ? error.message : String(error);
        return got === recorded.error || knownWordings.has(recorded.template)
          ? []
          : [{ id: recorded.id, want: recorded.error, got }];
      }
    });
    console.log(
      `go-template/render-${set}: ${failing.length - wrong.length} of ${failing.length} error texts`,
    );
    expect(wrong).toEqual([]);
  });

  const detected = vectorFile<{ cases: DetectCase[] }>(`go-template/detect-${set}.json`)?.cases ?? [];

  it.skipIf(detected.length === 0)("show the recorded variables, capabilities and tags", () => {
    const wrong = detected.flatMap((recorded) => {
      let got: object;
      try {
        const template = PromptTemplate.parse(sources[recorded.template] ?? "");
        got = {
          vars: template.variables,
          template_capabilities: template.capabilities,
          thinking_open_tag: template.thinkingTags.opening,
          thinking_close_tag: template.thinkingTags.closing,
          tool_call_tag: template.toolCallTag,
          tool_round_trip: template.showsToolRoundTrip,
        };
      } catch (error) {
        got = { parse_error: error instanceof Error ? error.message : String(error) };
      }
      const { id, template: _template, ...want } = recorded;
      return JSON.stringify(sorted(got)) === JSON.stringify(sorted(want)) ? [] : [{ id, want, got }];
    });
    console.log(`go-template/detect-${set}: ${detected.length - wrong.length} of ${detected.length} cases`);
    expect(wrong).toEqual([]);
  });
});

/** Templates whose failure Go words with the inner workings of its reflection. */
const knownWordings: ReadonlySet<string> = new Set(["custom/pipe"]);

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
