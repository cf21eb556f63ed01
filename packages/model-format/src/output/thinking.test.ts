import { describe, expect, it } from "vitest";
import { outputParserFamily } from "./parser-registry.ts";
import { ThinkingParser } from "./thinking.ts";

function parse(chunks: readonly string[], startsInside = false) {
  const parser = new ThinkingParser({ opening: "<think>", closing: "</think>", startsInside });
  const events = [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()];
  const join = (type: string) =>
    events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
  return { thinking: join("thinking-delta"), text: join("text-delta") };
}

describe.each(["whole", "character by character"])("text that comes %s", (how) => {
  const chunksOf = (text: string) => (how === "whole" ? [text] : [...text]);
  const rows: readonly (readonly [fact: string, input: string, thinking: string, text: string])[] = [
    ["is parted at the tags", "<think>a</think>b", "a", "b"],
    ["loses the blanks around the tags", " \n<think>\n a </think>\n\nb ", "a ", "b "],
    ["keeps its blanks where there is no thinking", " \n b", "", " \n b"],
    ["is answer where the opening tag comes late", "b <think>a</think>", "", "b <think>a</think>"],
    ["is thinking to the end where the closing tag is missing", "<think>a", "a", ""],
    ["shows half a closing tag that never ends", "<think>a</thi", "a</thi", ""],
    ["shows half an opening tag that never ends", "<thin", "", "<thin"],
    ["is cut at the first closing tag", "<think>a</think>b</think>c", "a", "b</think>c"],
    ["keeps what looks like a tag", "<think>1 < 2 </ 3</think>x</y", "1 < 2 </ 3", "x</y"],
    [
      "counts as blank what Go does: U+0085, but not U+FEFF",
      "\u0085<think>\u0085a</think>\ufeffb",
      "a",
      "\ufeffb",
    ],
  ];
  it.each(rows)("%s", (_, input, thinking, text) => {
    expect(parse(chunksOf(input))).toEqual({ thinking, text });
  });
});

it("begins inside the thinking when the prompt ended with the opening tag", () => {
  expect(parse(["\nrea", "sons</th", "ink>\n\nanswer"], true)).toEqual({
    thinking: "reasons",
    text: "answer",
  });
});

describe("an endless run of blanks that comes one by one", () => {
  const blanks = 60_000;
  const parsers = {
    "a pair of tags": () => new ThinkingParser({ opening: "<think>", closing: "</think>" }),
    ...Object.fromEntries(
      ["qwen3-thinking", "cohere", "glm-4.7"].map((name) => [
        name,
        () => outputParserFamily(name)?.create({ tools: [], think: true }),
      ]),
    ),
  };
  // Counted anew for each, they would take half a minute; a busy machine reads them in a second or two.
  it.each(Object.entries(parsers))("is read once by the parser of %s", { timeout: 20_000 }, (_, create) => {
    const parser = create();
    const events = Array.from({ length: blanks }, () => parser?.push("\n") ?? []).flat();
    expect(
      [...events, ...(parser?.push("<think>a</think>b") ?? []), ...(parser?.end() ?? [])].length,
    ).toBeGreaterThan(0);
  });
});
