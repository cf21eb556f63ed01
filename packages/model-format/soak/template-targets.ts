import { compileChatTemplate, PromptTemplate } from "@puna/model-format";
import { tinyChatTemplate } from "@puna/model-format/testing";
import type { Message, Tool } from "@puna/protocol";
import { mutateText, pick } from "./mutate.ts";
import { textTarget } from "./target.ts";

const call = {
  id: "1",
  function: { index: 0, name: "weather", arguments: { city: "Rome", days: [1, 2.5, null] } },
};
const messages: readonly Message[] = [
  { role: "system", content: "Be kind & <brief>." },
  { role: "user", content: "Wie ist das Wetter in Köln? 🌦" },
  { role: "assistant", content: "", thinking: "Ask the tool.", tool_calls: [call] },
  { role: "tool", content: '{"sky":"grey"}', tool_name: "weather" },
  { role: "assistant", content: "Grey." },
  { role: "user", content: "" },
];
const tools: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "weather",
      description: "Weather of a city",
      parameters: {
        type: "object",
        required: ["city"],
        properties: {
          city: { type: "string", description: "Name" },
          where: { anyOf: [{ type: "string" }, { type: ["integer", "null"] }], enum: ["a", 1] },
          nested: { type: "object", properties: { deep: { type: "array", items: { type: "number" } } } },
        },
      },
    },
  },
];

const goTemplates = [
  "{{ if .System }}<|system|>{{ .System }}{{ end }}{{ .Prompt }}<|assistant|>{{ .Response }}<|end|>",
  `{{- range $i, $m := .Messages }}{{- $last := eq (len (slice $.Messages $i)) 1 }}<|{{ .Role }}|>{{ .Content }}
{{- if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}{{ end }}
{{- if and $last (ne .Role "assistant") }}<|assistant|>{{ end }}{{ end }}`,
  `{{ define "tool" }}{{ .Function.Name }}({{ range $name, $p := .Function.Parameters.Properties }}{{ $name }}: {{ $p.Type }} {{ toTypeScriptType $p }}, {{ end }}){{ end -}}
{{ range .Tools }}{{ template "tool" . }}{{ else }}none{{ end }}{{ block "date" currentDate }}{{ . }}{{ end }}{{ json .Messages }}`,
  `{{ $n := 0 }}{{ range 5 }}{{ $n = . }}{{ if gt $n 2 }}{{ break }}{{ else if eq $n 1 }}{{ continue }}{{ end }}{{ printf "%05d|%-8q|%x|%v" $n "é" "ab" .}}{{ end }}`,
  `{{ with $x := index .Messages 0 }}{{ $x.Role | printf "%s %s" "a" | html | urlquery | js }}{{ else with .Tools }}{{ len . }}{{ end }}{{/* note */ -}} {{ slice "héllo" 1 3 }}`,
  '{{ printf "%[2]*[1]d %+.3e %#v %T" 5 8 1.5 .Messages "x" }}{{ and 1 (or "" nil) | not }}{{ print 0x1F 1_000 \'a\' 2i "\\u00e9" `raw` }}',
];
const goWords = [
  "{{",
  "}}",
  "{{- ",
  " -}}",
  "(",
  ")",
  "|",
  "$",
  ".",
  ":=",
  "=",
  ",",
  '"',
  "`",
  "'",
  "/*",
  "*/",
  "end",
  "{{ end }}",
  "{{ else }}",
  "{{ range 1000000000 }}",
  "{{ range .Messages }}",
  "{{ range $i, $e := .Tools }}",
  "{{ if .X }}",
  "{{ with .System }}",
  '{{ define "a" }}',
  '{{ template "a" . }}',
  '{{ define "r" }}{{ template "r" . }}{{ template "r" . }}{{ end }}',
  '{{ template "r" . }}',
  "{{ break }}",
  "{{ continue }}",
  "{{ $x = print $x $x }}",
  '{{ $x := "ab" }}',
  "{{ json . }}",
  '{{ printf "%999999d" 1 }}',
  '{{ printf "%.999999f" 1.5 }}',
  "nil",
  "true",
  "-1",
  "9223372036854775807",
  "1e308",
  "0x",
  "1i",
  ".Messages",
  ".Tools",
  ".Response",
  ".Function",
  " index ",
  " slice ",
  " len ",
  " eq ",
  " lt ",
  " printf ",
  " print ",
  " html ",
  " js ",
  " urlquery ",
  " json ",
  " and ",
  " or ",
  " not ",
  " call ",
  "\u0000",
  "\ud800",
  "é",
  "\n",
];

export const goTemplate = textTarget(
  (random) => mutateText(random, goTemplates, goWords),
  (text, random) => {
    const template = PromptTemplate.parse(text);
    template.render({ messages, tools, think: pick(random, [true, false, "high"]) });
    template.fillInTheMiddle({ prompt: "a", suffix: "b" });
  },
);

const jinjaTemplates = [
  tinyChatTemplate,
  `{%- if tools %}{{ tools | tojson(indent=2) }}{% endif -%}
{%- for message in messages %}{{ bos_token }}<|{{ message.role }}|>{% if message.content is string %}{{ message.content | trim }}{% else %}{% for part in message.content %}{{ part.text }}{% endfor %}{% endif %}
{%- for call in message.tool_calls or [] %}{{ call.function.name }}{{ call.function.arguments | tojson }}{% endfor %}{% endfor -%}
{% if add_generation_prompt %}<|assistant|>{% endif %}`,
  `{%- macro render(x, depth=0) %}{{ "  " * depth }}{{ x | upper | replace("A", "b") }}{% endmacro -%}
{%- set ns = namespace(found=false, n=0) %}{% for m in messages[::-1] %}{% if not loop.first %}{% set ns.n = ns.n + 1 %}{% endif %}{{ render(m['role'], loop.index0) }}{% endfor %}{{ ns.n }}`,
  `{{ strftime_now("%Y-%m-%d") }}{% for m in messages if m.role != "system" %}{{ m.content.split(" ")[0] | default("x", true) }}{{ raise_exception("no") if loop.index > 9 else "" }}{% endfor %}{% generation %}{{ messages | length }}{% endgeneration %}`,
];
const jinjaWords = [
  "{%",
  "%}",
  "{{",
  "}}",
  "{#",
  "#}",
  "{%- ",
  " -%}",
  "{% endfor %}",
  "{% endif %}",
  "{% endmacro %}",
  "{% for i in range(100000000) %}",
  "{% for m in messages %}",
  "{% if true %}",
  "{% set x = 'a' %}",
  "{% set x = x ~ x %}",
  "{% set x = x * 1000 %}",
  "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}",
  "{{ f() }}",
  "| join(',')",
  "| tojson",
  "| list",
  "| sort",
  "| map('upper')",
  "| selectattr('role')",
  "| replace('', 'ab')",
  "[",
  "]",
  "(",
  ")",
  ".",
  "'",
  '"',
  " in ",
  " is ",
  " not ",
  "**",
  "//",
  "%",
  "~",
  "messages",
  "tools",
  "loop",
  "namespace",
  "\u0000",
  "\ud800",
  "9".repeat(400),
  "'a' * 999999999",
  "range(0, 999999999)",
];

export const jinja = textTarget(
  (random) => mutateText(random, jinjaTemplates, jinjaWords),
  (text) => compileChatTemplate(text, { bosToken: "<s>", eosToken: "</s>" }).render({ messages, tools }),
);
