import type { Tool, ToolCall } from "@puna/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vectorFile } from "../testing/vectors.ts";
import type { OutputEvent, OutputParser } from "./output-parser.ts";
import { ThinkingParser } from "./thinking.ts";
import { ToolTagParser } from "./tool-tags.ts";

interface RecordedEvent {
  readonly chunk: number;
  readonly content?: string;
  readonly thinking?: string;
  readonly tool_calls?: readonly ToolCall[];
}
interface ThinkCase {
  readonly id: string;
  readonly open_tag: string;
  readonly close_tag: string;
  readonly chunks: readonly string[];
  readonly events: readonly RecordedEvent[];
}
interface ToolCase {
  readonly id: string;
  readonly tag: string;
  readonly tools: string;
  readonly chunks: readonly string[];
  readonly events: readonly RecordedEvent[];
  readonly end_content: string;
}

const gather = (events: readonly OutputEvent[]) => {
  const of = (type: "text-delta" | "thinking-delta") =>
    events.map((event) => (event.type === type ? event.text : "")).join("");
  const calls = events.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));
  const content = of("text-delta");
  const thinking = of("thinking-delta");
  return {
    ...(content === "" ? {} : { content }),
    ...(thinking === "" ? {} : { thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
};

const perChunk = (parser: OutputParser, chunks: readonly string[]): RecordedEvent[] =>
  chunks.flatMap((text, chunk) => {
    const gathered = gather(parser.push(text));
    return Object.keys(gathered).length === 0 ? [] : [{ chunk, ...gathered }];
  });

/** What all chunks gave together; arguments with sorted names, because Ollama gives them in any order. */
const joined = (events: readonly RecordedEvent[]) => ({
  content: events.map(({ content = "" }) => content).join(""),
  calls: events.flatMap(({ tool_calls = [] }) =>
    tool_calls.map(({ function: { index, name, arguments: args } }) => ({
      index,
      name,
      arguments: Object.fromEntries(Object.entries(args).sort()),
    })),
  ),
});

describe("the thinking parser", () => {
  const cases = vectorFile<{ cases: ThinkCase[] }>("think-parse/think-parser.json")?.cases ?? [];

  it.skipIf(cases.length === 0)("gives the recorded events for each chunk", () => {
    for (const recorded of cases) {
      const parser = new ThinkingParser({ opening: recorded.open_tag, closing: recorded.close_tag });
      expect({ id: recorded.id, events: perChunk(parser, recorded.chunks) }).toEqual({
        id: recorded.id,
        events: recorded.events,
      });
    }
    console.log(`think-parse: ${cases.length} of ${cases.length} cases`);
  });

  it("gives the same joined result for every cut", () => {
    const piece = fc.constantFrom("<think>", "</think>", "<", "/", "think", ">", " ", "\n", "text", "é");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const run = (chunks: readonly string[]) => {
          const parser = new ThinkingParser({ opening: "<think>", closing: "</think>" });
          return gather([...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()]);
        };
        const whole = run([pieces.join("")]);
        expect(run(pieces)).toEqual(whole);
        expect(run([...pieces.join("")])).toEqual(whole);
      }),
    );
  });

  it("starts inside when the prompt ended with the opening tag", () => {
    const parser = new ThinkingParser({ opening: "<think>", closing: "</think>", startsInside: true });
    expect(gather(parser.push("\nreasons</think>\n\nanswer"))).toEqual({
      thinking: "reasons",
      content: "answer",
    });
  });
});

describe("the tool tag parser", () => {
  const cases = vectorFile<{ cases: ToolCase[] }>("tool-parse/tag-parser.json")?.cases ?? [];
  const sets =
    vectorFile<{ tool_sets: Record<string, Tool[]> }>("tool-parse/tool-sets.json")?.tool_sets ?? {};

  it.skipIf(cases.length === 0)("gives the recorded events for each chunk and the recorded rest", () => {
    let cutDependent = 0;
    for (const recorded of cases) {
      const parser = new ToolTagParser(recorded.tag, sets[recorded.tools] ?? []);
      const got = { id: recorded.id, events: perChunk(parser, recorded.chunks), rest: parser.rest };
      const whole = cases.find(({ id }) => id === recorded.id.replace(/[^/]+$/, "whole")) ?? recorded;
      if (JSON.stringify(joined(recorded.events)) === JSON.stringify(joined(whole.events))) {
        expect(got).toEqual({ id: recorded.id, events: recorded.events, rest: recorded.end_content });
      } else {
        // Where Ollama's result depends on how the text is cut, that of the whole text counts.
        cutDependent += 1;
        expect({ id: recorded.id, ...joined(got.events) }).toEqual({
          id: recorded.id,
          ...joined(whole.events),
        });
      }
    }
    console.log(
      `tool-parse: ${cases.length} of ${cases.length} cases, ${cutDependent} of them as for the whole text`,
    );
  });

  it("waits while a name may still grow into a longer one", () => {
    const tool = (name: string): Tool => ({
      type: "function",
      function: { name, parameters: { type: "object", properties: {} } },
    });
    const parser = new ToolTagParser("<call>", [tool("get"), tool("get_weather")]);
    expect(parser.push("<call>get")).toEqual([]);
    expect(gather(parser.push('_weather{"city":"Rome"} '))).toEqual({
      tool_calls: [{ function: { index: 0, name: "get_weather", arguments: { city: "Rome" } } }],
    });
  });
});
