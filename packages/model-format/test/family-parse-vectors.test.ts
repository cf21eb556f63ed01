import type { Message, ThinkValue, Tool, ToolCall } from "@puna/protocol";
import { describe, expect, it } from "vitest";
import { withHarmonyNames } from "../src/output/harmony/tool-names.ts";
import { outputParserFamily, outputParserNames } from "../src/output/parser-registry.ts";
import { type ParsedOutput, parseByChunk, parseOutput } from "../src/testing/parse-output.ts";
import { vectorFile } from "../src/testing/vectors.ts";

interface RecordedEvent {
  readonly chunk: number;
  readonly content?: string;
  readonly thinking?: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly error?: string;
}

interface RecordedCase {
  readonly id: string;
  readonly tools: string;
  readonly think?: ThinkValue;
  readonly last_message?: Message;
  readonly tool_names_after_init?: readonly string[];
  readonly chunks: readonly string[];
  readonly events: readonly RecordedEvent[];
}

interface RecordedFile {
  readonly parser_facts: {
    readonly preserved_tokens: readonly string[] | null;
    readonly has_tool_support: boolean;
    readonly has_thinking_support: boolean;
  };
  readonly cases: readonly RecordedCase[];
}

/**
 * Where the recorded result depends on the cut, the case in one piece decides. These do not follow it:
 * there the named cut decides, and the reason says why. They count as listed deviations.
 */
const deviations: readonly {
  readonly parser: string;
  readonly text: RegExp;
  readonly decidedBy: string;
  readonly reason: string;
}[] = [
  {
    parser: "olmo3",
    text: /<function_calls>/,
    decidedBy: "whole+empty",
    reason:
      "text that comes together with the end is never looked at there, so no call would ever be found; a server's last message is empty",
  },
  {
    parser: "ministral",
    text: /\[THINK\].*\[TOOL_CALLS\]/s,
    decidedBy: "chars",
    reason:
      "a call at the end would turn thinking at the beginning into answer, so nothing after [THINK] could be streamed",
  },
];

const toolSets = vectorFile<{ tool_sets: Readonly<Record<string, readonly Tool[]>> }>(
  "family-parse/tool-sets.json",
);
const counts = { run: 0, byWhole: 0, deviating: 0, sameChunks: 0 };

describe.skipIf(toolSets === undefined)("recorded family parsers", () => {
  it.each(outputParserNames)("%s reads what was recorded", (name) => {
    const file = vectorFile<RecordedFile>(`family-parse/${name}.json`);
    const family = outputParserFamily(name);
    if (file === undefined || family === undefined) throw new Error(`no recordings of ${name}`);
    expect({
      preserved_tokens: family.preservedTokens,
      has_tool_support: family.hasTools,
      has_thinking_support: family.hasThinking,
    }).toEqual({ ...file.parser_facts, preserved_tokens: file.parser_facts.preserved_tokens ?? [] });

    const mismatches = file.cases.flatMap((recorded) => {
      counts.run += 1;
      const { tools, think, last_message: lastMessage, chunks } = recorded;
      const create = () =>
        family.create({
          tools: toolSets?.tool_sets[tools] ?? [],
          ...(think === undefined ? {} : { think }),
          ...(lastMessage === undefined ? {} : { lastMessage }),
        });
      const expected = comparable(judge(name, recorded, file.cases));
      const actual = comparable(parseOutput(create(), chunks));
      if (JSON.stringify(byChunk(create(), chunks)) === JSON.stringify(recorded.events))
        counts.sameChunks += 1;
      return JSON.stringify(actual) === JSON.stringify(expected)
        ? []
        : [{ id: recorded.id, expected, actual }];
    });
    expect(mismatches).toEqual([]);
  });

  it("renames tools for harmony as recorded", () => {
    const renamed = vectorFile<RecordedFile>("family-parse/harmony.json")?.cases ?? [];
    for (const { tools, tool_names_after_init: recorded } of renamed) {
      const names = withHarmonyNames(toolSets?.tool_sets[tools] ?? []).map((tool) => tool.function.name);
      if (recorded !== undefined) expect(names).toEqual(recorded);
    }
  });

  it("knows no parser of another name", () => {
    expect(outputParserFamily("no-such-parser")).toBeUndefined();
  });

  it("ran cases, and lists few of them as deviations", () => {
    console.log(
      `family-parse: ${counts.run} cases; ${counts.byWhole} cut cases judged by their text in one piece; ` +
        `${counts.deviating} listed deviations; ${counts.sameChunks} equal chunk by chunk`,
    );
    for (const { parser, reason } of deviations) console.log(`  deviation ${parser}: ${reason}`);
    expect(counts.run).toBeGreaterThan(0);
  });
});

/** The recorded result that counts for a case. */
function judge(parser: string, recorded: RecordedCase, cases: readonly RecordedCase[]): ParsedOutput {
  const own = join(recorded);
  const stem = recorded.id.slice(0, recorded.id.lastIndexOf("/"));
  const text = recorded.chunks.join("");
  const deviation = deviations.find((entry) => entry.parser === parser && entry.text.test(text));
  const decider = cases.find(({ id }) => id === `${stem}/${deviation?.decidedBy ?? "whole"}`);
  const deciding = decider === undefined ? own : join(decider);
  if (deviation !== undefined) counts.deviating += 1;
  else if (JSON.stringify(comparable(own)) !== JSON.stringify(comparable(deciding))) counts.byWhole += 1;
  return deciding;
}

function join({ events }: RecordedCase): ParsedOutput {
  const error = events.find((event) => event.error !== undefined)?.error;
  const parsed = {
    content: events.map((event) => event.content ?? "").join(""),
    thinking: events.map((event) => event.thinking ?? "").join(""),
    calls: events.flatMap((event) => event.tool_calls ?? []),
  };
  return error === undefined ? parsed : { ...parsed, error };
}

/** Keys of arguments count in the order of writing; deeper ones were recorded sorted. */
function comparable(output: ParsedOutput): unknown {
  return {
    ...output,
    calls: output.calls.map(({ id, function: fn }) => ({
      id: id ?? "",
      name: fn.name,
      index: fn.index ?? 0,
      arguments: Object.entries(fn.arguments).map(([key, value]) => [key, sorted(value)]),
    })),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function byChunk(
  parser: Parameters<typeof parseByChunk>[0],
  chunks: readonly string[],
): readonly RecordedEvent[] {
  return parseByChunk(parser, chunks).events.flatMap((events, chunk) => {
    const text = (type: string) =>
      events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
    const calls = events.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));
    const [content, thinking] = [text("text-delta"), text("thinking-delta")];
    if (content === "" && thinking === "" && calls.length === 0) return [];
    return [
      {
        chunk,
        ...(content === "" ? {} : { content }),
        ...(thinking === "" ? {} : { thinking }),
        ...(calls.length === 0 ? {} : { tool_calls: calls }),
      },
    ];
  });
}
