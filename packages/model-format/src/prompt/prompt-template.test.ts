import type { Message, ThinkValue, Tool } from "@puna/protocol";
import { describe, expect, it } from "vitest";
import { PromptError } from "../errors.ts";
import { PromptTemplate } from "./prompt-template.ts";

// Every expected prompt is what Ollama's template package gives (commit fb3076099).
const tools: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "look_up",
      description: "Finds <things>",
      parameters: {
        type: "object",
        required: ["what"],
        properties: {
          what: { type: "string", description: "A & B" },
          how: { type: ["string", "null"], enum: ["fast", "slow"] },
          ids: { type: "array", items: { type: "integer" } },
          opts: { anyOf: [{ type: "integer" }, { type: "object" }] },
        },
      },
    },
  },
];

const chat: readonly Message[] = [
  { role: "system", content: "S" },
  { role: "user", content: "U1" },
  { role: "user", content: "U2" },
  {
    role: "assistant",
    content: "",
    thinking: "T",
    tool_calls: [
      {
        id: "c1",
        function: {
          index: 0,
          name: "look_up",
          arguments: { what: "x", n: 3, big: 1e21, f: 0.5, deep: { b: [1, null], a: "<" } },
        },
      },
    ],
  },
  { role: "tool", content: "R1", tool_name: "look_up", tool_call_id: "c1" },
  { role: "tool", content: "R2" },
  { role: "user", content: "U3" },
];

const render = (
  source: string,
  conversation: { messages?: readonly Message[]; tools?: readonly Tool[]; think?: ThinkValue } = {},
) => PromptTemplate.parse(source).render({ messages: chat, ...conversation });

describe("messages", () => {
  const rows: readonly (readonly [fact: string, source: string, prompt: string])[] = [
    [
      "neighbours of one role are one message, tool results stay apart",
      "{{ range .Messages }}[{{ .Role }}:{{ .Content }}]{{ end }}",
      "[system:S][user:U1\n\nU2][assistant:][tool:R1][tool:R2][user:U3]",
    ],
    [
      "system texts are also the system prompt",
      "{{ .System }}|{{ range .Messages }}{{ .Role }} {{ end }}",
      "S|system user assistant tool tool user ",
    ],
    [
      "a call's arguments print as JSON with sorted names",
      "{{ range .Messages }}{{ if .ToolCalls }}{{ range .ToolCalls }}{{ .ID }} {{ .Function.Index }} {{ .Function.Name }} {{ .Function.Arguments }}{{ end }}{{ end }}{{ end }}",
      'c1 0 look_up {"big":1e+21,"deep":{"a":"\\u003c","b":[1,null]},"f":0.5,"n":3,"what":"x"}',
    ],
    [
      "arguments are looped over in sorted order",
      "{{ range .Messages }}{{ range .ToolCalls }}{{ range $k, $v := .Function.Arguments }}{{ $k }}={{ $v }};{{ end }}{{ end }}{{ end }}",
      "big=1e+21;deep=map[a:< b:[1 <nil>]];f=0.5;n=3;what=x;",
    ],
    [
      "arguments are what JSON made of them: every number a float64",
      '{{ range .Messages }}{{ range .ToolCalls }}{{ .Function.Arguments.what }}{{ .Function.Arguments.nope }}{{ json .Function.Arguments.deep }}{{ printf "%d %v %s" .Function.Arguments.n .Function.Arguments.n .Function.Arguments.what }}{{ end }}{{ end }}',
      'x<no value>{"a":"\\u003c","b":[1,null]}%!d(float64=3) 3 x',
    ],
    [
      "a tool result names its tool and call",
      '{{ range .Messages }}{{ if eq .Role "tool" }}{{ .ToolName }}/{{ .ToolCallID }}={{ .Content }} {{ end }}{{ end }}',
      "look_up/c1=R1 /=R2 ",
    ],
    [
      "thinking is a field",
      "{{ range .Messages }}{{ if .Thinking }}<t>{{ .Thinking }}</t>{{ end }}{{ end }}",
      "<t>T</t>",
    ],
  ];
  it.each(rows)("%s", (_, source, prompt) => expect(render(source)).toBe(prompt));

  it("may lack arguments", () => {
    // What JavaScript callers may send in spite of the types.
    const call = { function: { name: "f" } } as unknown as NonNullable<Message["tool_calls"]>[number];
    const messages = [{ role: "assistant", content: "", tool_calls: [call] }];
    expect(
      render("{{ range .Messages }}{{ range .ToolCalls }}{{ .Function.Arguments }}{{ end }}{{ end }}", {
        messages,
      }),
    ).toBe("{}");
  });

  it("have no field that the struct lacks", () => {
    expect(() => render("{{ range .Messages }}{{ .content }}{{ end }}")).toThrow(
      'template: :1:24: executing "" at <.content>: can\'t evaluate field content in type *template.templateMessage',
    );
  });

  it("lose half characters, as JSON does on its way to Ollama", () => {
    expect(
      render("{{ range .Messages }}{{ .Content }}{{ end }}", {
        messages: [{ role: "user", content: "a\ud83d" }],
      }),
    ).toBe("a\ufffd");
  });
});

describe("tools", () => {
  const rows: readonly (readonly [fact: string, source: string, prompt: string])[] = [
    [
      "the tool list prints as JSON",
      "{{ .Tools }}{{ range .Messages }}{{ end }}",
      '[{"type":"function","function":{"name":"look_up","description":"Finds \\u003cthings\\u003e","parameters":{"type":"object","required":["what"],"properties":{"how":{"type":["string","null"],"enum":["fast","slow"]},"ids":{"type":"array","items":{"type":"integer"}},"opts":{"anyOf":[{"type":"integer"},{"type":"object"}]},"what":{"type":"string","description":"A \\u0026 B"}}}}}]',
    ],
    [
      "the tool list is JSON for the function json too",
      "{{ json .Tools }}{{ range .Messages }}{{ end }}",
      '[{"type":"function","function":{"name":"look_up","description":"Finds \\u003cthings\\u003e","parameters":{"type":"object","required":["what"],"properties":{"how":{"type":["string","null"],"enum":["fast","slow"]},"ids":{"type":"array","items":{"type":"integer"}},"opts":{"anyOf":[{"type":"integer"},{"type":"object"}]},"what":{"type":"string","description":"A \\u0026 B"}}}}}]',
    ],
    [
      "a tool prints as JSON",
      "{{ range .Tools }}{{ . }}{{ end }}{{ range .Messages }}{{ end }}",
      '{"type":"function","function":{"name":"look_up","description":"Finds \\u003cthings\\u003e","parameters":{"type":"object","required":["what"],"properties":{"how":{"type":["string","null"],"enum":["fast","slow"]},"ids":{"type":"array","items":{"type":"integer"}},"opts":{"anyOf":[{"type":"integer"},{"type":"object"}]},"what":{"type":"string","description":"A \\u0026 B"}}}}}',
    ],
    [
      "parts of a tool print on their own, properties as JSON",
      "{{ range .Tools }}{{ .Type }} {{ .Function.Name }} {{ .Function.Description }} {{ .Function.Parameters.Required }} {{ .Function.Parameters.Properties }}{{ end }}{{ range .Messages }}{{ end }}",
      'function look_up Finds <things> [what] {"how":{"type":["string","null"],"enum":["fast","slow"]},"ids":{"type":"array","items":{"type":"integer"}},"opts":{"anyOf":[{"type":"integer"},{"type":"object"}]},"what":{"type":"string","description":"A \\u0026 B"}}',
    ],
    [
      "properties are looped over in sorted order, with types in TypeScript's words",
      "{{ range .Tools }}{{ range $name, $p := .Function.Parameters.Properties }}{{ $name }}: {{ $p.Type }} {{ $p.Description }} {{ $p.Enum }} {{ toTypeScriptType $p }};{{ end }}{{ end }}{{ range .Messages }}{{ end }}",
      "how: [string null]  [fast slow] string | null;ids: array  [] any[];opts:   [] number | Record<string, any>;what: string A & B [] string;",
    ],
    [
      "a function without JSON of its own prints as a struct",
      "{{ range .Tools }}{{ .Function }}{{ end }}{{ range .Messages }}{{ end }}",
      '{look_up Finds <things> {object <nil> <nil> [what] {"how":{"type":["string","null"],"enum":["fast","slow"]},"ids":{"type":"array","items":{"type":"integer"}},"opts":{"anyOf":[{"type":"integer"},{"type":"object"}]},"what":{"type":"string","description":"A \\u0026 B"}}}}',
    ],
    [
      "what points nowhere is the number 0 where a number is asked for",
      '{{ range .Tools }}{{ range .Function.Parameters.Properties }}{{ printf "%d %#x %p %v|" .Properties .Properties .Properties .Properties }}{{ break }}{{ end }}{{ end }}{{ range .Messages }}{{ end }}',
      "0 0x0 0x0 <nil>|",
    ],
    [
      "what is not there has no place in memory",
      '{{ range .Tools }}{{ range .Function.Parameters.Properties }}{{ printf "%p" .Enum }}{{ break }}{{ end }}{{ break }}{{ end }}{{ range .Messages }}{{ printf " %p" .ToolCalls }}{{ break }}{{ end }}',
      "0xc000000000 0x0",
    ],
    [
      "a property that is missing is an empty one",
      "{{ (index .Tools 0).Function.Parameters.Properties.none.Description }}.{{ range .Messages }}{{ end }}",
      ".",
    ],
  ];
  it.each(rows)("%s", (_, source, prompt) => expect(render(source, { tools })).toBe(prompt));

  it("are null and false where there are none", () => {
    expect(render("{{ .Tools }}{{ if .Tools }}some{{ end }}{{ range .Messages }}{{ end }}")).toBe("null");
  });
});

it.each([
  [true, "true medium true"],
  [false, "false  true"],
  ["high", "true high true"],
  ["low", "true low true"],
  ["unset", "false  false"],
])("think %j is %j", (think, prompt) => {
  const conversation = think === "unset" ? {} : { think: think as ThinkValue };
  expect(
    render("{{ .Think }} {{ .ThinkLevel }} {{ .IsThinkSet }}{{ range .Messages }}{{ end }}", conversation),
  ).toBe(prompt);
});

describe("a template without messages runs once for each exchange, the last time up to the response", () => {
  const messages: readonly Message[] = [
    { role: "system", content: "S1" },
    { role: "user", content: "U1" },
    { role: "assistant", content: "A1" },
    { role: "user", content: "U2" },
    { role: "assistant", content: "A2" },
    { role: "user", content: "U3" },
  ];
  const rows: readonly (readonly [source: string, prompt: string])[] = [
    [
      "{{ if .System }}<s>{{ .System }}</s>{{ end }}<u>{{ .Prompt }}</u><a>{{ .Response }}</a>\n",
      "<s>S1</s><u>U1</u><a>A1</a>\n<u>U2</u><a>A2</a>\n<u>U3</u><a>",
    ],
    ["{{ .System }}{{ .Prompt }}", "S1U1A1U2A2U3"],
    ['{{ .Prompt }}: {{ print .Response "!" }} after', "U1: A1! afterU2: A2! afterU3: "],
    ["{{ .Prompt }}{{ if .Response }}<a>{{ .Response }}</a>{{ end }}|", "U1<a>A1</a>|U2<a>A2</a>|U3"],
    ["{{ .Prompt }}{{ .Response | print }}|", "U1A1|U2A2|U3"],
    [
      '{{ define "x" }}[{{ . }}]{{ end }}{{ .Prompt }} {{ .Response }}{{ template "x" . }}',
      "U1 A1[map[IsThinkSet:false Prompt:U1 Response:A1 System:S1 Think:false ThinkLevel:]]U2 A2[map[IsThinkSet:false Prompt:U2 Response:A2 System: Think:false ThinkLevel:]]U3 ",
    ],
  ];
  it.each(rows)("%j", (source, prompt) => expect(render(source, { messages })).toBe(prompt));

  it("and goes on with an answer that was begun", () => {
    const begun = [
      { role: "user", content: "q" },
      { role: "assistant", content: "begun" },
    ];
    expect(render("{{ .Prompt }} {{ .Response }}<end>", { messages: begun })).toBe("q begun");
  });

  it("and knows none of Ollama's functions in the last run", () => {
    expect(() => render("{{ currentDate }}{{ .Response }}")).toThrow(
      '"currentDate" is not a defined function',
    );
  });

  it("and takes a missing key for nothing in the last run, for nil before", () => {
    const only = [{ role: "user", content: "q" }];
    expect(render("{{ .Prompt }}{{ .Missing.Field }}{{ .Response }}", { messages: only })).toBe(
      "q<no value>",
    );
    expect(() => render("{{ .Prompt }}{{ .Missing.Field }}{{ .Response }}", { messages })).toThrow(
      "nil pointer evaluating",
    );
  });
});

describe("a template", () => {
  it("gets the response appended where it shows neither messages nor response", () => {
    expect(PromptTemplate.parse("{{ .Prompt }}").variables).toEqual(["prompt", "response"]);
  });

  it("lists what it reads, in lower case and order: variables too, but nothing that a field behind parentheses hides", () => {
    const source =
      '{{ $x := .System }}{{ range $i, $m := .Messages }}{{ $m.Content }}{{ if and $x (index .ToolCalls 0).Name }}{{ end }}{{ end }}{{ define "t" }}{{ .Tools }}{{ end }}';
    expect(PromptTemplate.parse(source).variables).toEqual([
      "$m",
      "$x",
      "content",
      "messages",
      "system",
      "tools",
    ]);
  });

  it("fills in the middle", () => {
    const template = PromptTemplate.parse(
      "{{ if .Suffix }}<pre>{{ .Prompt }}<suf>{{ .Suffix }}<mid>{{ else }}{{ .Prompt }}{{ end }}",
    );
    expect(template.capabilities).toEqual(["insert"]);
    expect(template.fillInTheMiddle({ prompt: "a", suffix: "b" })).toBe("<pre>a<suf>b<mid>");
  });

  it("tells the date by the clock it was given", () => {
    const now = () => new Date(2026, 0, 1, 0, 30);
    const template = PromptTemplate.parse(
      '{{ currentDate }} {{ yesterdayDate "ignored" }}{{ range .Messages }}{{ end }}',
      { now },
    );
    expect(template.render({ messages: [] })).toBe("2026-01-01 2025-12-31");
  });

  it("is refused when it calls a template without data, which Ollama cannot look into", () => {
    expect(() => PromptTemplate.parse('{{ define "t" }}{{ end }}{{ template "t" }}')).toThrow(PromptError);
  });
});

it("an empty list of tools is not the same as none", () => {
  const source = "{{ .Tools }}{{ if .Tools }}some{{ end }}{{ range .Messages }}{{ end }}";
  expect(render(source, { tools: [] })).toBe("[]");
  expect(render(source)).toBe("null");
});

describe("what a template shows of tools", () => {
  const calls = "{{ .Tools }}{{ range .Messages }}{{ range .ToolCalls }}{{ .Function.Name }}{{ end }}";

  it.each([
    ['{{ if eq .Role "tool" }}{{ .Content }}{{ end }}{{ end }}', true],
    ["<tool_response>{{ .Content }}{{ end }}", true],
    ["[TOOL_RESULTS]{{ .Content }}{{ end }}", true],
    ["{{ .Content }}{{ end }}", false],
  ])("with results as %s, the round trip is shown: %s", (results, shown) => {
    expect(PromptTemplate.parse(calls + results).showsToolRoundTrip).toBe(shown);
  });
});
