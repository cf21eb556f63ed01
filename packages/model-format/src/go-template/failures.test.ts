import { describe, expect, it } from "vitest";
import { PromptError } from "../errors.ts";
import { sampleData } from "../testing/sample-data.ts";
import { GoTemplate } from "./go-template.ts";

// Every message is that of Go 1.26's text/template.
type Row = readonly [template: string, message: string];

function failure(source: string): PromptError {
  try {
    GoTemplate.parse(source).execute(sampleData);
  } catch (error) {
    if (PromptError.is(error)) return error;
    throw error;
  }
  throw new Error("the template did not fail");
}

describe("a template that cannot be read says why and in which line", () => {
  const rows: readonly Row[] = [
    ["{{ foo }}", 'template: :1: function "foo" not defined'],
    ["{{ $x }}", 'template: :1: undefined variable "$x"'],
    ["{{ if }}x{{ end }}", "template: :1: missing value for if"],
    ["{{ if 1 }}", "template: :1: unexpected EOF"],
    ["{{ end }}", "template: :1: unexpected {{end}}"],
    ['{{ block "b" . }}\n{{ else }}\n{{ end }}', "template: :1: unexpected {{else}} in block clause"],
    ['{{ define "d" }}\n{{ else }}\n{{ end }}', "template: :2: unexpected {{else}} in define clause"],
    ["{{ else }}", "template: :1: unexpected {{else}}"],
    ["{{ if 1 }}{{ else }}{{ else }}{{ end }}", "template: :1: expected end; found {{else}}"],
    ["{{ range .A }}{{ else if .B }}{{ end }}", "template: :1: unexpected <if> in input"],
    ["{{ with .A }}{{ else if .B }}{{ end }}", "template: :1: unexpected <if> in input"],
    ["{{ break }}", "template: :1: {{break}} outside {{range}}"],
    ["{{ range .A }}{{ end }}{{ continue }}", "template: :1: {{continue}} outside {{range}}"],
    ["{{ range .A }}{{ break 1 }}{{ end }}", 'template: :1: unexpected "1" in {{break}}'],
    ["{{ }}", "template: :1: missing value for command"],
    ["{{ | print }}", 'template: :1: unexpected "|" in command'],
    ["{{ print | 1 }}", "template: :1: non executable command in pipeline stage 2"],
    ["{{ print || print }}", 'template: :1: unexpected "|" in command'],
    ["{{ (print 1 }}", "template: :1: unclosed left paren"],
    ["{{ print 1) }}", "template: :1: unexpected right paren"],
    ["{{ () }}", "template: :1: missing value for parenthesized pipeline"],
    ["{{ 1.X }}", 'template: :1: bad number syntax: "1.X"'],
    ['{{ "a".X }}', 'template: :1: unexpected . after term "\\"a\\""'],
    ["{{ nil.X }}", 'template: :1: unexpected . after term "nil"'],
    ["{{ .A..B }}", "template: :1: unexpected <.> in operand"],
    ["{{ .A% }}", "template: :1: bad character U+0025 '%'"],
    ["{{ a% }}", "template: :1: bad character U+0025 '%'"],
    ["{{ $x=1 }}", "template: :1: bad character U+003D '='"],
    ["{{ $x, $y := 1 }}", "template: :1: too many declarations in command"],
    ["{{ range $x, $y, $z := .A }}{{ end }}", "template: :1: too many declarations in range"],
    ["{{ range $x, .B := .A }}{{ end }}", "template: :1: range can only initialize variables"],
    ['{{ "abc', "template: :1: unterminated quoted string"],
    ["{{ `abc", "template: :1: unterminated raw quoted string"],
    ["{{ 'abc", "template: :1: unterminated character constant"],
    ["{{ 'ab' }}", "template: :1: malformed character constant: 'ab'"],
    ["{{ '' }}", "template: :1: invalid syntax"],
    ['{{ "\\q" }}', "template: :1: invalid syntax"],
    ['{{ "a\nb" }}', "template: :1: unterminated quoted string"],
    ["{{ 08 }}", 'template: :1: integer overflow: "08"'],
    ["{{ 1x }}", 'template: :1: bad number syntax: "1x"'],
    ["{{ 0x }}", 'template: :1: illegal number syntax: "0x"'],
    ["{{ 1__0 }}", 'template: :1: illegal number syntax: "1__0"'],
    ["{{ 1e400 }}", 'template: :1: illegal number syntax: "1e400"'],
    ["{{ 18446744073709551616 }}", 'template: :1: integer overflow: "18446744073709551616"'],
    ["{{ 1+2 }}", 'template: :1: bad number syntax: "1+2"'],
    ["{{ /* a */ }}", 'template: :1: unexpected "/" in command'],
    ["{{/* a }}", "template: :1: unclosed comment"],
    ["{{/* a */ b }}", "template: :1: comment ends before closing delimiter"],
    ["{{ @ }}", 'template: :1: unexpected "@" in command'],
    ["{{ é }}", 'template: :1: function "é" not defined'],
    ["{{ “x” }}", "template: :1: unrecognized character in action: U+201C '“'"],
    ["{{ \u0001 }}", "template: :1: unrecognized character in action: U+0001"],
    ["{{ : }}", "template: :1: expected :="],
    ["{{ define x }}{{ end }}", 'template: :1: unexpected "x" in define clause'],
    ['{{ define "x" }}', "template: :1: unexpected EOF"],
    ['{{ if 1 }}{{ define "x" }}{{ end }}{{ end }}', "template: :1: unexpected <define> in command"],
    [
      '{{ define "x" }}a{{ end }}{{ define "x" }}b{{ end }}',
      'template: :1: template: multiple definition of template "x"',
    ],
    ["{{ template }}", 'template: :1: unexpected "}}" in template clause'],
    ["{{ template 1 }}", 'template: :1: unexpected "1" in template clause'],
    ['{{ block "b" }}{{ end }}', "template: :1: missing value for block clause"],
    ["{{", "template: :1: unclosed action"],
    ["{{ .A", "template: :1: unclosed action"],
    ["line one\n{{ if .A }}\n{{ .B }\n{{ end }}", 'template: :3: unexpected "}" in operand'],
    ["{{ print\n1\n", "template: :3: unclosed action started at :1"],
    ["{{ abcdefghijklmnop := 1 }}", 'template: :1: function "abcdefghijklmnop" not defined'],
    ['{{ "a" := 1 }}', 'template: :1: unexpected ":=" in operand'],
    ["{{ .A .B }} {{ . := 1 }}", 'template: :1: unexpected ":=" in operand'],
    ["{{ end end }}", "template: :1: unexpected <end> in end"],
    ["{{ nil }}{{ .A | nil }}", "template: :1: non executable command in pipeline stage 2"],
    ["{{ ge .", 'template: :1: illegal number syntax: "."'],
    ["{{- -}}", 'template: :1: illegal number syntax: "-"'],
  ];
  it.each(rows)("%j: %s", (source, message) => {
    expect(failure(source)).toMatchObject({ code: "TEMPLATE_INVALID", message });
  });
});

describe("a template that fails while it runs says why and where", () => {
  const rows: readonly Row[] = [
    [
      '{{ template "x" 1 2 }}',
      'template: :1:12: executing "" at <{{template "x" 1 2}}>: template "x" not defined',
    ],
    [
      "{{ .Name.Foo }}",
      'template: :1:8: executing "" at <.Name.Foo>: can\'t evaluate field Foo in type interface {}',
    ],
    [
      "{{ $x := .Name }}{{ $x.Foo }}",
      'template: :1:22: executing "" at <$x.Foo>: can\'t evaluate field Foo in type string',
    ],
    [
      "{{ .None_.Foo }}",
      'template: :1:9: executing "" at <.None_.Foo>: nil pointer evaluating interface {}.Foo',
    ],
    [
      "{{ .Missing.Foo }}",
      'template: :1:11: executing "" at <.Missing.Foo>: nil pointer evaluating interface {}.Foo',
    ],
    ["{{ .Count 1 }}", 'template: :1:3: executing "" at <.Count>: Count is not a method but has arguments'],
    ["{{ 1 | .Count }}", 'template: :1:7: executing "" at <.Count>: Count is not a method but has arguments'],
    ["{{ .Name | .Foo }}", 'template: :1:11: executing "" at <.Foo>: Foo is not a method but has arguments'],
    ["{{ 1 2 }}", 'template: :1:3: executing "" at <1>: can\'t give argument to non-function 1'],
    ["{{ nil }}", 'template: :1:3: executing "" at <nil>: nil is not a command'],
    ["{{ (nil).Foo }}", 'template: :1:4: executing "" at <nil>: nil is not a command'],
    [
      "{{ index .List 3 }}",
      'template: :1:3: executing "" at <index .List 3>: error calling index: reflect: slice index out of range',
    ],
    [
      "{{ index .List 9 }}",
      'template: :1:3: executing "" at <index .List 9>: error calling index: index out of range: 9',
    ],
    [
      "{{ index .List -1 }}",
      'template: :1:3: executing "" at <index .List -1>: error calling index: index out of range: -1',
    ],
    [
      '{{ index .List "a" }}',
      'template: :1:3: executing "" at <index .List "a">: error calling index: cannot index slice/array with type string',
    ],
    [
      "{{ index .List nil }}",
      'template: :1:3: executing "" at <index .List nil>: error calling index: cannot index slice/array with nil',
    ],
    [
      "{{ index .Map 1 }}",
      'template: :1:3: executing "" at <index .Map 1>: error calling index: value has type int; should be string',
    ],
    [
      "{{ index .Count 0 }}",
      'template: :1:3: executing "" at <index .Count 0>: error calling index: can\'t index item of type int',
    ],
    [
      "{{ index nil 0 }}",
      'template: :1:3: executing "" at <index nil 0>: error calling index: index of untyped nil',
    ],
    [
      "{{ slice .List 2 1 }}",
      'template: :1:3: executing "" at <slice .List 2 1>: error calling slice: invalid slice index: 2 > 1',
    ],
    [
      "{{ slice .List 9 }}",
      'template: :1:3: executing "" at <slice .List 9>: error calling slice: index out of range: 9',
    ],
    [
      "{{ slice .Name 0 1 2 }}",
      'template: :1:3: executing "" at <slice .Name 0 1 2>: error calling slice: cannot 3-index slice a string',
    ],
    [
      "{{ slice .Map 0 }}",
      'template: :1:3: executing "" at <slice .Map 0>: error calling slice: can\'t slice item of type map[string]interface {}',
    ],
    [
      "{{ slice .List 0 1 2 3 }}",
      'template: :1:3: executing "" at <slice .List 0 1 2 3>: error calling slice: too many slice indexes: 4',
    ],
    ["{{ len .Count }}", 'template: :1:3: executing "" at <len .Count>: error calling len: len of type int'],
    [
      "{{ len nil }}",
      'template: :1:3: executing "" at <len nil>: error calling len: reflect: call of reflect.Value.Type on zero Value',
    ],
    [
      "{{ len .Missing }}",
      'template: :1:3: executing "" at <len .Missing>: error calling len: len of nil pointer',
    ],
    ["{{ len 1 2 }}", 'template: :1:3: executing "" at <len>: wrong number of args for len: want 1 got 2'],
    ["{{ not }}", 'template: :1:3: executing "" at <not>: wrong number of args for not: want 1 got 0'],
    [
      "{{ and }}",
      'template: :1:3: executing "" at <and>: wrong number of args for and: want at least 1 got 0',
    ],
    [
      "{{ printf }}",
      'template: :1:3: executing "" at <printf>: wrong number of args for printf: want at least 1 got 0',
    ],
    ["{{ printf 1 }}", 'template: :1:10: executing "" at <1>: expected string; found 1'],
    ["{{ printf nil }}", 'template: :1:10: executing "" at <nil>: cannot assign nil to string'],
    [
      "{{ printf .Count }}",
      'template: :1:10: executing "" at <.Count>: wrong type for value; expected string; got int',
    ],
    [
      "{{ printf .Missing }}",
      'template: :1:10: executing "" at <.Missing>: wrong type for value; expected string; got interface {}',
    ],
    [
      "{{ eq 1 }}",
      'template: :1:3: executing "" at <eq 1>: error calling eq: missing argument for comparison',
    ],
    [
      '{{ eq 1 "1" }}',
      'template: :1:3: executing "" at <eq 1 "1">: error calling eq: incompatible types for comparison: int and string',
    ],
    [
      "{{ eq 1 1.0 }}",
      'template: :1:3: executing "" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64',
    ],
    [
      "{{ lt true false }}",
      'template: :1:3: executing "" at <lt true false>: error calling lt: invalid type for comparison',
    ],
    [
      "{{ lt nil 1 }}",
      'template: :1:3: executing "" at <lt nil 1>: error calling lt: invalid type for comparison',
    ],
    [
      '{{ lt 1 "a" }}',
      'template: :1:3: executing "" at <lt 1 "a">: error calling lt: incompatible types for comparison: int and string',
    ],
    [
      "{{ eq .List .List }}",
      'template: :1:3: executing "" at <eq .List .List>: error calling eq: non-comparable type [a b c]: []interface {}',
    ],
    [
      "{{ eq .List .Map }}",
      'template: :1:3: executing "" at <eq .List .Map>: error calling eq: non-comparable types [a b c]: []interface {}, map[string]interface {}: map[a:x b:2 c:<nil>]',
    ],
    ["{{ call nil }}", 'template: :1:3: executing "" at <call nil>: error calling call: call of nil'],
    [
      "{{ call .Name }}",
      'template: :1:3: executing "" at <call .Name>: error calling call: non-function .Name of type string',
    ],
    [
      "{{ .Name | call }}",
      'template: :1:11: executing "" at <call>: error calling call: non-function héllo of type string',
    ],
    [
      "{{ call print }}",
      'template: :1:3: executing "" at <call print>: error calling call: non-function print of type string',
    ],
    ["{{ range 1.5 }}{{ end }}", 'template: :1:9: executing "" at <1.5>: range can\'t iterate over 1.5'],
    ["{{ range true }}{{ end }}", 'template: :1:9: executing "" at <true>: range can\'t iterate over true'],
    [
      "{{ range .Name }}{{ end }}",
      'template: :1:9: executing "" at <.Name>: range can\'t iterate over héllo',
    ],
    [
      "{{ range $i, $x := 3 }}{{ end }}",
      'template: :1:19: executing "" at <3>: can\'t use 3 to iterate over more than one variable',
    ],
    [
      '{{ template "none" . }}',
      'template: :1:12: executing "" at <{{template "none" .}}>: template "none" not defined',
    ],
    [
      "{{ if true }}\n{{ range .List }}\n  {{ len . 1 }}{{ end }}{{ end }}",
      'template: :3:5: executing "" at <len>: wrong number of args for len: want 1 got 2',
    ],
    [
      "é{{ .Name.Foo }}",
      'template: :1:10: executing "" at <.Name.Foo>: can\'t evaluate field Foo in type interface {}',
    ],
    [
      '{{ define "t" }}{{ .Foo }}{{ end }}{{ template "t" .Name }}',
      'template: :1:19: executing "t" at <.Foo>: can\'t evaluate field Foo in type string',
    ],
    [
      "{{ if 0 }}{{ $y := 1 }}{{ else }}{{ $y }}{{ end }}",
      'template: :1:36: executing "" at <$y>: undefined variable: $y',
    ],
    [
      '{{ printf "%d" 9223372036854775808 }}',
      'template: :1:15: executing "" at <9223372036854775808>: 9223372036854775808 overflows int',
    ],
    [
      "{{ range .Mixed }}{{ with . }}{{ .Foo }}{{ end }}{{ end }}",
      'template: :1:33: executing "" at <.Foo>: can\'t evaluate field Foo in type int',
    ],
    [
      "{{ range .Mixed }}{{ .Foo }}{{ end }}",
      'template: :1:21: executing "" at <.Foo>: can\'t evaluate field Foo in type interface {}',
    ],
    [
      "{{ (index .List 0).Foo }}",
      'template: :1:16: executing "" at <0>: can\'t evaluate field Foo in type string',
    ],
    [
      "{{ .Yes.Foo }}",
      'template: :1:7: executing "" at <.Yes.Foo>: can\'t evaluate field Foo in type interface {}',
    ],
  ];
  it.each(rows)("%j: %s", (source, message) => {
    expect(failure(source)).toMatchObject({ code: "TEMPLATE_FAILED", message });
  });
});

it("gives line and column as details", () => {
  expect(failure("a\n  {{ .Name.Foo }}").details).toEqual({ line: 2, column: 10 });
  expect(failure("a\n{{ foo }}").details).toEqual({ line: 2 });
});
