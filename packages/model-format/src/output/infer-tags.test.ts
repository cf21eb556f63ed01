import { describe, expect, it } from "vitest";
import { PromptTemplate } from "../prompt/prompt-template.ts";

describe("the tool call tag", () => {
  const inLoop = (body: string) => `{{ range .Messages }}{{ if .ToolCalls }}${body}{{ end }}{{ end }}`;
  const rows: readonly (readonly [fact: string, source: string, tag: string])[] = [
    [
      "is the first text of the block for calls",
      inLoop("<call>\n{{ range .ToolCalls }}x{{ end }}"),
      "<call>",
    ],
    [
      "may be inside the loop over them",
      inLoop("\n{{ range .ToolCalls }}[CALL] {{ .Function.Name }}{{ end }}"),
      "[CALL]",
    ],
    ["ends where the JSON begins", inLoop('<call>{"name": "{{ .Role }}"}'), "<call>"],
    ["is a brace where the JSON comes first", inLoop('{"name": "{{ .Role }}"}'), "{"],
    ["is a brace where something computed comes first", inLoop("{{ .Content }}<call>"), "{"],
    ["is a brace where calls are not shown", "{{ range .Messages }}{{ .Content }}{{ end }}", "{"],
    [
      "is found in conditions of conditions",
      "{{ if .A }}{{ else }}{{ with .B }}{{ if and .C .ToolCalls }}<t>{{ end }}{{ end }}{{ end }}",
      "<t>",
    ],
  ];
  it.each(rows)("%s", (_, source, tag) => expect(PromptTemplate.parse(source).toolCallTag).toBe(tag));
});

describe("the thinking tags", () => {
  const rows: readonly (readonly [fact: string, source: string, opening: string, closing: string])[] = [
    [
      "stand around the field",
      "{{ range .Messages }}{{ if .Thinking }} <think>{{ .Thinking }}</think>\n{{ end }}{{ end }}",
      "<think>",
      "</think>",
    ],
    [
      "may have other things between",
      "{{ range .Messages }}{{ if .Thinking }}<t>{{ if .A }}a{{ end }}{{ .Thinking }}!{{ .B }}</t>{{ end }}{{ end }}",
      "<t>",
      "</t>",
    ],
    [
      "belong to a loop over the messages",
      "{{ range .Others }}{{ if .Thinking }}<t>{{ .Thinking }}</t>{{ end }}{{ end }}",
      "",
      "",
    ],
    [
      "are not looked for in parentheses that a field follows",
      "{{ range .Messages }}<t>{{ (print .Thinking).X }}</t>{{ end }}",
      "",
      "",
    ],
  ];
  it.each(rows)("%s", (_, source, opening, closing) => {
    expect(PromptTemplate.parse(source).thinkingTags).toEqual({ opening, closing });
  });
});
