// A conversation with tools through a Qwen3-style prompt, as a Go template here and as Jinja in
// @huggingface/jinja: `node --conditions=@puna/source go-template.ts [--rounds 20]`.
// Both are compiled once. Prints one JSON line per figure; fails when the two prompts differ.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Template } from "@huggingface/jinja";
import { PromptTemplate } from "@puna/model-format";
import type { Message, Tool } from "@puna/protocol";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" } } });
const rounds = Number(values.rounds);

const go = PromptTemplate.parse(`{{- $lastUser := -1 }}
{{- range $index, $message := .Messages }}{{ if eq $message.Role "user" }}{{ $lastUser = $index }}{{ end }}{{ end }}
{{- if or .System .Tools }}<|im_start|>system
{{ if .System }}{{ .System }}
{{ end }}
{{- if .Tools }}
# Tools

You can call these functions, one JSON object per line:
<tools>
{{- range .Tools }}
{{ . }}
{{- end }}
</tools>

Write each call as <tool_call>{"name": ..., "arguments": ...}</tool_call>.
{{- end }}<|im_end|>
{{ end }}
{{- range $index, $message := .Messages }}
{{- $isLast := eq (len (slice $.Messages $index)) 1 }}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if and .Thinking (gt $index $lastUser) }}<think>
{{ .Thinking }}
</think>

{{ end }}
{{- .Content }}
{{- range .ToolCalls }}
<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>
{{- end }}{{ if not $isLast }}<|im_end|>
{{ end }}
{{- else if eq .Role "tool" }}<|im_start|>user
<tool_response>
{{ .Content }}
</tool_response><|im_end|>
{{ end }}
{{- if and $isLast (ne .Role "assistant") }}<|im_start|>assistant
{{ end }}
{{- end }}`);

const jinja = new Template(`{%- set state = namespace(last_user=-1) -%}
{%- for message in messages -%}{%- if message.role == "user" -%}{%- set state.last_user = loop.index0 -%}{%- endif -%}{%- endfor -%}
{%- if system or tools -%}
{{- "<|im_start|>system\\n" -}}
{%- if system -%}{{- system + "\\n" -}}{%- endif -%}
{%- if tools -%}
{{- "\\n# Tools\\n\\nYou can call these functions, one JSON object per line:\\n<tools>" -}}
{%- for tool in tools -%}{{- "\\n" + (tool | tojson) -}}{%- endfor -%}
{{- '\\n</tools>\\n\\nWrite each call as <tool_call>{"name": ..., "arguments": ...}</tool_call>.' -}}
{%- endif -%}
{{- "<|im_end|>\\n" -}}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == "user" -%}
{{- "<|im_start|>user\\n" + message.content + "<|im_end|>\\n" -}}
{%- elif message.role == "assistant" -%}
{{- "<|im_start|>assistant\\n" -}}
{%- if message.thinking and loop.index0 > state.last_user -%}{{- "<think>\\n" + message.thinking + "\\n</think>\\n\\n" -}}{%- endif -%}
{{- message.content -}}
{%- for call in message.tool_calls or [] -%}
{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' + (call.function.arguments | tojson) + "}\\n</tool_call>" -}}
{%- endfor -%}
{%- if not loop.last -%}{{- "<|im_end|>\\n" -}}{%- endif -%}
{%- elif message.role == "tool" -%}
{{- "<|im_start|>user\\n<tool_response>\\n" + message.content + "\\n</tool_response><|im_end|>\\n" -}}
{%- endif -%}
{%- if loop.last and message.role != "assistant" -%}{{- "<|im_start|>assistant\\n" -}}{%- endif -%}
{%- endfor -%}`);

// Keys are in alphabetical order, because Go sorts them and Jinja does not.
const tools: readonly Tool[] = ["get_weather", "search_files", "run_query", "send_mail"].map((name) => ({
  type: "function",
  function: {
    name,
    description: `Does what ${name} says, for the place or thing that it is given.`,
    parameters: {
      type: "object",
      required: ["place"],
      properties: {
        limit: { type: "integer", description: "How many results at most" },
        place: { type: "string", description: "Where to look" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      },
    },
  },
}));

function conversation(count: number): Message[] {
  const turns = (round: number): Message[] => [
    {
      role: "user",
      content: `Question ${round}: what is the weather in Paris, and should I take an umbrella?`,
    },
    {
      role: "assistant",
      content: "",
      thinking: "The user wants the weather, so I call the tool.",
      tool_calls: [
        { function: { name: "get_weather", arguments: { limit: round, place: "Paris", unit: "celsius" } } },
      ],
    },
    { role: "tool", content: '{"temperature": 21, "sky": "clear"}', tool_name: "get_weather" },
    { role: "assistant", content: `It is 21 degrees and clear; no umbrella needed (answer ${round}).` },
  ];
  const messages: Message[] = [{ role: "system", content: "You are a terse assistant." }];
  for (let round = 1; messages.length < count; round += 1) messages.push(...turns(round));
  return messages.slice(0, count);
}

/**
 * Milliseconds of processor time of one call, the median over the rounds. The renderers take turns, so that
 * whatever else the machine does slows all of them; each turn makes enough calls to be well above the clock's step.
 */
function measure(renderers: readonly (() => string)[]): number[] {
  const turn = (render: () => string) => {
    const started = performance.now();
    const before = process.cpuUsage();
    let calls = 0;
    while (performance.now() - started < 100) {
      render();
      calls += 1;
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / calls;
  };
  for (let warm = 0; warm < 3; warm += 1) renderers.forEach(turn);
  const times = Array.from({ length: rounds }, () => renderers.map(turn));
  return renderers.map((_, index) => median(times.map((round) => round[index] ?? Number.NaN)));
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(line: object): void {
  console.log(JSON.stringify(line));
}

const milliseconds: Record<string, readonly [go: number, jinja: number]> = {};
for (const count of [100, 1000]) {
  const messages = conversation(count);
  const system = messages[0]?.content;
  const renderGo = () => go.render({ messages, tools, think: true });
  const renderJinja = () => jinja.render({ messages, tools, system });
  const withoutBlanks = (text: string) => text.replaceAll(/\s/g, "");
  if (withoutBlanks(renderGo()) !== withoutBlanks(renderJinja())) {
    throw new Error(`The two prompts of ${count} messages differ`);
  }
  const [goTime = Number.NaN, jinjaTime = Number.NaN] = measure([renderGo, renderJinja]);
  milliseconds[count] = [goTime, jinjaTime];
  report({
    figure: `${count} messages`,
    goMilliseconds: Number(goTime.toFixed(3)),
    jinjaMilliseconds: Number(jinjaTime.toFixed(3)),
    timesFaster: Number((jinjaTime / goTime).toFixed(1)),
  });
}
const growth = (milliseconds["1000"]?.[0] ?? Number.NaN) / (milliseconds["100"]?.[0] ?? Number.NaN);
report({
  figure: "time of 1000 messages over 10 times that of 100",
  ratio: Number((growth / 10).toFixed(2)),
});
report({ figure: "machine", cpu: cpus()[0]?.model, node: process.version });
