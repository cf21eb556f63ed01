import { describe, expect, it } from "vitest";
import { sampleData } from "../testing/sample-data.ts";
import { GoTemplate } from "./go-template.ts";

// Every expectation is what Go 1.26's text/template gives for this template and data, with missing keys as zero values.
const render = (source: string) => GoTemplate.parse(source).execute(sampleData);
type Row = readonly [template: string, output: string];

describe("text, blanks and comments", () => {
  const rows: readonly Row[] = [
    ["plain", "plain"],
    ["", ""],
    ["{", "{"],
    ["}}", "}}"],
    ['a {{ "b" }} c', "a b c"],
    ['a {{- "b" }} c', "ab c"],
    ['a {{ "b" -}} c', "a bc"],
    ['a\n\n{{- "b" -}}\n\nc', "abc"],
    ["\u00a0{{- 1 -}}\u00a0", "\u00a01\u00a0"],
    ["{{- 1 -}}", "1"],
    ["{{ -1 }}{{-1}}", "-1-1"],
    ["a {{/* note */}} b", "a  b"],
    ["a {{- /* note */ -}} b", "ab"],
    ["{{/* with }} inside */}}x", "x"],
    ['{{ "}}" }}{{ `{{` }}', "}}{{"],
    ["{{\n  .Count\n  | print\n}}", "3"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("constants", () => {
  const rows: readonly Row[] = [
    ["{{ 1 }} {{ -7 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }}", "1 -7 31 5 15 15 1000"],
    ["{{ 1.5 }} {{ 1e3 }} {{ .5 }} {{ 5. }} {{ 0x1p-2 }} {{ 1_0.5_0 }}", "1.5 1000 0.5 5 0.25 10.5"],
    [
      "{{ 1e6 }} {{ 1e5 }} {{ 123456789.0 }} {{ 1e-4 }} {{ 1e-5 }} {{ 1e21 }}",
      "1e+06 100000 1.23456789e+08 0.0001 1e-05 1e+21",
    ],
    ["{{ 2i }} {{ 1+2i }} {{ 1.5-2.5i }}", "(0+2i) (1+2i) (1.5-2.5i)"],
    ["{{ 'a' }} {{ '\\n' }} {{ '\\'' }} {{ '\\u00e9' }} {{ '日' }} {{ '\\xff' }}", "97 10 39 233 26085 255"],
    ['{{ "tab\\tquote\\"\\u00e9\\x41\\101" }}', 'tab\tquote"éAA'],
    ['{{ `raw \\n "text"` }}', 'raw \\n "text"'],
    ["{{ true }} {{ false }}", "true false"],
    ['{{ printf "%T %T %T %T %T %T" 1 1.0 1e3 1i true "s" }}', "int float64 float64 complex128 bool string"],
    ['{{ printf "%T" \'a\' }} {{ printf "%T" +0x1e }}', "int float64"],
    ["{{ 9223372036854775807 }} {{ -9223372036854775808 }}", "9223372036854775807 -9223372036854775808"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("variables and their scopes", () => {
  const rows: readonly Row[] = [
    ["{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}", "12"],
    ["{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"],
    ["{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"],
    ["{{ $x := 0 }}{{ range .List }}{{ $x = . }}{{ end }}{{ $x }}", "c"],
    ["{{ with $x := .Name }}{{ $x }}{{ . }}{{ end }}", "héllohéllo"],
    ['{{ if $x := .Empty }}yes{{ else }}{{ printf "%q" $x }}{{ end }}', '""'],
    ["{{ $x := .Missing }}{{ $x }} {{ $x.Foo }}", "<no value> <no value>"],
    ["{{ range .Turns }}{{ $.Count }}{{ .role }} {{ end }}", "3user 3assistant 3user "],
    ['{{ $x := 1 }}{{ $x := "now text" }}{{ $x }}', "now text"],
    ["{{ $é := 1 }}{{ $é }}", "1"],
    ['{{ $ | printf "%T" }}', "map[string]interface {}"],
    ["{{ $x := .Deep }}{{ $x.one.two.three }}", "found"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("loops", () => {
  const rows: readonly Row[] = [
    ["{{ range .List }}{{ . }},{{ end }}", "a,b,c,"],
    ["{{ range $item := .List }}{{ $item }},{{ end }}", "a,b,c,"],
    ["{{ range $index, $item := .List }}{{ $index }}{{ $item }} {{ end }}", "0a 1b 2c "],
    ["{{ range $key, $value := .Map }}{{ $key }}={{ $value }} {{ end }}", "a=x b=2 c=<no value> "],
    ["{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}[{{ $i }}]{{ end }}", "012[0][1]"],
    ["{{ range 0 }}x{{ else }}none{{ end }}{{ range -1 }}x{{ else }}none{{ end }}", "nonenone"],
    ["{{ range .Missing }}x{{ else }}none{{ end }}{{ range .None_ }}x{{ else }}none{{ end }}", "nonenone"],
    ['{{ range .List }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ end }}', "ac"],
    ['{{ range .List }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', "a"],
    ["{{ range 2 }}{{ range 3 }}{{ if eq . 1 }}{{ break }}{{ end }}{{ . }}{{ end }}|{{ end }}", "0|0|"],
    ["{{ range 2 }}{{ range 0 }}{{ else }}{{ break }}{{ end }}after {{ end }}", "after after "],
    ["{{ range 2 }}{{ range 0 }}{{ else }}{{ continue }}{{ end }}after {{ end }}", ""],
    ['{{ $last := "" }}{{ range $last = .List }}{{ end }}{{ $last }}', "c"],
    ["{{ $k := 0 }}{{ $v := 0 }}{{ range $k, $v = .List }}{{ end }}{{ $k }}{{ $v }}", "2c"],
    ["{{ range slice .List 1 }}{{ . }}{{ end }}", "bc"],
    ["{{ range .Mixed }}[{{ . }}]{{ end }}", "[1][<no value>][x][0.5][false]"],
    [
      "{{ range $i, $_ := .Turns }}{{ if eq (len (slice $.Turns $i)) 1 }}last {{ $i }}{{ end }}{{ end }}",
      "last 2",
    ],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("conditions", () => {
  const rows: readonly Row[] = [
    ["{{ if .Name }}a{{ else }}b{{ end }}", "a"],
    ["{{ if .Empty }}a{{ else if .Yes }}b{{ else }}c{{ end }}", "b"],
    ['{{ if 0 }}a{{ else if 0.0 }}b{{ else if "" }}c{{ else if 0i }}d{{ else }}e{{ end }}', "e"],
    ["{{ with .Missing }}a{{ else with .Name }}{{ . }}{{ else }}c{{ end }}", "héllo"],
    ["{{ with .Deep.one.two }}{{ .three }}{{ end }}", "found"],
    ["{{ if and .Yes (gt .Count 2) }}both{{ end }}", "both"],
    ["{{ if or .Empty .Missing }}some{{ else }}none{{ end }}", "none"],
    ["{{ if not .None_ }}nil is false{{ end }}", "nil is false"],
    ['{{ and 1 0 2 }} {{ or 0 "" "x" }} {{ and "a" "b" }} {{ or 0 0.0 }}', "0 x b 0"],
    ["{{ and false (index .List 99) }}", "false"],
    ['{{ "x" | and "y" }} {{ 0 | or "" }}', "x 0"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("definitions", () => {
  const rows: readonly Row[] = [
    ['{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .Name }}{{ template "t" 1 }}', "<héllo><1>"],
    ['{{ template "t" . }}{{ define "t" }}{{ .Count }}{{ end }}', "3"],
    ['{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" }}', "[<no value>]"],
    ['{{ block "b" .Name }}({{ . }}){{ end }}{{ template "b" 2 }}', "(héllo)(2)"],
    [
      '{{ define "a" }}A{{ template "b" . }}{{ end }}{{ define "b" }}B{{ .Count }}{{ end }}{{ template "a" . }}',
      "AB3",
    ],
    ['{{ define "t" }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x := 1 }}{{ template "t" . }}{{ $x }}', "21"],
    ['{{ define "t" }}{{ $ }}{{ end }}{{ template "t" 5 }}', "5"],
    ['{{ define "t" }}x{{ end }}{{ define "t" }}  {{ end }}{{ template "t" . }}', "x"],
    [
      '{{ range .Turns }}{{ template "turn" . }}{{ end }}{{ define "turn" }}{{ .role }}: {{ .content }}\n{{ end }}',
      "user: Hi\nassistant: Hello\nuser: Bye\n",
    ],
    ["{{ template `raw name` . }}{{ define `raw name` }}ok{{ end }}", "ok"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("pipelines and fields", () => {
  const rows: readonly Row[] = [
    ["{{ .Name | len }}", "6"],
    ['{{ .Name | printf "%s-%s" "a" }}', "a-héllo"],
    ['{{ .Name | printf "%q" | len | printf "%03d" }}', "008"],
    ["{{ (index .Turns 1).content }}", "Hello"],
    ["{{ (index .Turns 1).Missing }}", "<no value>"],
    ["{{ .Deep.one.two.three }}", "found"],
    ["{{ .Missing }} {{ .Deep.Missing }}", "<no value> <no value>"],
    ["{{ print (print (print 1)) }}", "1"],
    ["{{ (.Name) }}{{ ((.Count)) }}", "héllo3"],
    ["{{ (.Missing).Foo }}", "<no value>"],
    ['{{ .Turns | printf "%T" }}', "[]interface {}"],
    ['{{ "b" | eq "a" "b" }}', "false"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("comparisons", () => {
  const rows: readonly Row[] = [
    ['{{ eq 1 1 }} {{ eq 1 2 1 }} {{ eq "a" "b" "c" }} {{ ne 1 2 }}', "true true false true"],
    ['{{ lt 1 2 }} {{ le 2 2 }} {{ gt 1.5 1.0 }} {{ ge "b" "a" }}', "true true true true"],
    ['{{ lt "a" "á" }} {{ lt "Z" "a" }} {{ lt "😀" "￮" }}', "true true false"],
    ["{{ eq .Missing nil }} {{ eq .None_ nil }} {{ ne .Name nil }} {{ eq nil nil }}", "true true true true"],
    ["{{ eq true true }} {{ eq 1i 1i }} {{ ne 1i 2i }}", "true true true"],
    [
      '{{ eq (index "abc" 0) 97 }} {{ lt (index "abc" 1) 99 }} {{ eq (index "a" 0) \'a\' }}',
      "true true true",
    ],
    ["{{ eq .Ratio 2.5 }} {{ eq .Count 3 }}", "true true"],
    ['{{ eq .Name "héllo" "x" }}', "true"],
    ['{{ eq "a" .Missing }}', "false"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("length, index and slice", () => {
  const rows: readonly Row[] = [
    ['{{ len .Name }} {{ len .List }} {{ len .Map }} {{ len "" }}', "6 3 3 0"],
    [
      '{{ index .List 0 }}{{ index .List 2 }} {{ index .Map "a" }} {{ index .Turns 1 "role" }}',
      "ac x assistant",
    ],
    ['{{ index .Map "missing" }} {{ index .Deep "one" "two" "three" }}', "<no value> found"],
    ['{{ index .Name 0 }} {{ index .Name 1 }} {{ printf "%c" (index "abc" 1) }}', "104 195 b"],
    ['{{ slice .Name 1 }} {{ slice .Name 0 1 }} {{ slice "abc" }}', "éllo h abc"],
    ["{{ slice .List 1 }} {{ slice .List 0 2 }} {{ slice .List 1 2 3 }}", "[b c] [a b] [b]"],
    ['{{ slice "é" 0 1 }}{{ slice "é" 1 2 }}', "é"],
    ['{{ slice "日本" 1 4 }}', "���"],
    ['{{ printf "%q %x %d" (slice "é!" 1) (slice "é!" 1) (len (slice "é!" 1)) }}', '"\\xa9!" a921 2'],
    ['{{ index .List 1 | printf "%s" }}', "b"],
    ["{{ slice (slice .List 0 1) 0 3 }}", "[a b c]"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});

describe("printing and escaping", () => {
  const rows: readonly Row[] = [
    [
      "{{ .Count }} {{ .Ratio }} {{ .Million }} {{ .Yes }} {{ .None_ }} {{ .Missing }}",
      "3 2.5 1e+06 true <no value> <no value>",
    ],
    [
      "{{ .List }} {{ .Map }} {{ .Mixed }} {{ .Deep }}",
      "[a b c] map[a:x b:2 c:<nil>] [1 <nil> x 0.5 false] map[one:map[two:map[three:found]]]",
    ],
    ['{{ print 1 2 "a" "b" 3 4 }}|{{ print }}|{{ print "a" 1 }}|{{ print nil 1 }}', "1 2ab3 4||a1|<nil> 1"],
    ['{{ println "a" 1 nil }}{{ println }}', "a 1 <nil>\n\n"],
    [
      '{{ html .System }} {{ html 1 2 "a" }} {{ html "\\x00\'" }} {{ html nil }}',
      "Be &lt;kind&gt; &amp; &#34;brief&#34; 1 2a �&#39; &lt;no value&gt;",
    ],
    [
      '{{ js .System }} {{ js "\'\\n=\\u2028é\\u200b" }}',
      'Be \\u003Ckind\\u003E \\u0026 \\"brief\\" \\\'\\u000A\\u003D\\u2028é\\u200B',
    ],
    ['{{ urlquery "a b&c=d/é~-_.!*" }} {{ urlquery 1 2 }}', "a+b%26c%3Dd%2F%C3%A9~-_.%21%2A 1+2"],
    ['{{ "<x>" | html | js | urlquery }}', "%5Cu0026lt%3Bx%5Cu0026gt%3B"],
  ];
  it.each(rows)("%j gives %j", (source, output) => expect(render(source)).toBe(output));
});
