import { expect, test } from "vitest";
import { type ChatTemplateOptions, compileChatTemplate } from "./chat-template.ts";

function print(expression: string, options: ChatTemplateOptions = {}): string {
  return compileChatTemplate(expression, options).render({ messages: [{ role: "user", content: "hi" }] });
}

test.each([
  ["{{ true }} {{ none }} {{ missing }} {{ 1.0 }} {{ 2 }}", "True   1.0 2"],
  [`{{ ['a', "it's", 1, none, {'k': true}] | string }}`, `['a', "it's", 1, None, {'k': True}]`],
  [`{{ ['a', ['b', 1], none, {'k': true}, 1.5, 0.0000001] }}{{ {'k': true} }}`, "ab11.50.0"],
  ["{{ 'a' + none }}{{ 'b' ~ none }}{{ missing + 'c' }}{{ 'd' + 1 }}{{ 'e' + true }}", "abcd1eTrue"],
  ["{{ none | default('d') }} {{ missing | length }} {{ missing | items | length }}", "d 0 0"],
  ["{% for x in none %}a{% else %}b{% endfor %}", "b"],
  [
    "{% set s = {512: 'b', 64: 'a'} %}{% for k, v in s | dictsort %}{{ k + 1 }}{{ v }} {% endfor %}{{ s[64] }}",
    "65a 513b a",
  ],
  ["{% for k, v in {'items': 5}.items() %}{{ k }}{{ v }}{% endfor %}{{ {'items': 5}['items'] }}", "items55"],
  ["{{ [\"it's\", 'a\nb'] | string }}", `["it's", 'a\nb']`],
  ["{% for a, b in [('x', 1), (none, 2)] %}{{ a }}{{ b }}{{ a in ['x'] }} {% endfor %}", "x1True 2False "],
  ["{{ ' -' * 2 }}{{ 2 * 1.5 }}", " - -3.0"],
  ["{{ missing is iterable }} {{ {} is sequence }} {{ 1.5 is float }}", "True False True"],
  ["{{ '<{}|{1}|{{}}>'.format('a', 'b') }}", "<a|b|{}>"],
  ["{{ [0.0000001, 1.0, (1, 2), missing] | tojson }}", "[1e-07, 1.0, [1, 2], null]"],
  ["{{ {'b': 1, 'a': []} | tojson(sort_keys=true, indent=2) }}", '{\n  "a": [],\n  "b": 1\n}'],
  ["{{ {'a': [1, 'é']} | tojson }}", '{"a": [1, "é"]}'],
  ["{{ {'a': [1, 'é']} | tojson(separators=(',', ':'), ensure_ascii=true) }}", '{"a":[1,"\\u00e9"]}'],
  ["{{ {'a': [1]} | tojson(indent=2) }}", '{\n  "a": [\n    1\n  ]\n}'],
  [
    "{{ '' == false }} {{ missing == none }} {{ [1, 'a'] == [1, 'a'] }} {{ 1 == true }}",
    "False False True True",
  ],
  [
    "{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
    "6",
  ],
  ["{% for c in 'abc' %}{{ loop.index }}{{ c }}{% endfor %}", "1a2b3c"],
  ["{% set l = [] %}{% do l.append(1) %}{%- do l.extend([2]) -%}{{ l }}", "12"],
  ["a{% generation %}b{% endgeneration %}c", "abc"],
  [
    "{{ '  xyx '.strip() }}|{{ 'xyx'.strip('x') }}|{{ 'xyx'.lstrip('x') }}|{{ 'xyx'.rstrip('xy') }}|",
    "xyx|y|yx||",
  ],
  ["{{ 'a-b-c'.split('-', 1) | string }} {{ 'a-b-c'.rsplit('-', 1) | string }}", "['a', 'b-c'] ['a-b', 'c']"],
  ["{{ 'preface'.removeprefix('pre') }} {{ 'file.txt'.removesuffix('.txt') }}", "face file"],
  [
    "{{ 'aaa'.replace('a', 'b', 2) }} {{ 'ab' | replace('', '-') }} {{ 'a.b' | replace('.', '!') }}",
    "bba -a-b- a!b",
  ],
  [
    "{{ 'a.b'.partition('.') | string }} {{ 'x' in 'xyz' }} {{ 'abc'.find('c') }} {{ '-'.join(['a', 'b']) }}",
    "['a', '.', 'b'] True 2 a-b",
  ],
  ["{{ 'hELLO' | capitalize }} {{ 'b' | upper }} {{ missing | upper }}.", "Hello B ."],
  ["{{ [1, 2] | map('string') | join('+') }} {{ [{'n': 'x'}] | map(attribute='n') | join }}", "1+2 x"],
  ["{{ [{'k': 1}, {}] | selectattr('k', 'undefined') | list | length }}", "1"],
  [
    "{{ ['a', '', 'b'] | select | list | string }} {{ [3, 1] | min }} {{ [1, 2] | sum }} {{ 2.567 | round(1) }}",
    "['a', 'b'] 1 3 2.6",
  ],
  ["{{ missing | default('d') }} {{ '' | default('d', true) }} {{ '' | d('e', boolean=true) }}", "d d e"],
  ["{{ 'a\nb\n\nc' | indent(2) }}", "a\n  b\n\n  c"],
  [
    "{% macro greet(name='you') %}hi {{ name }}{% endmacro %}{{ greet() }}, {{ greet(name='me') }}",
    "hi you, hi me",
  ],
  ["line one\r\n{% if true %}\r\nline two\r\n{% endif %}", "line one\nline two\n"],
])("prints %j as llama.cpp's Jinja does", (template, text) => {
  expect(print(template)).toBe(text);
});

test("tells the date of the clock it was given, in English", () => {
  const now = () => new Date(2025, 0, 5, 9, 4, 3);
  expect(print("{{ strftime_now('%d %b %Y|%-d %B %y|%A %I:%M %p|%j %%') }}", { now })).toBe(
    "05 Jan 2025|5 January 25|Sunday 09:04 AM|005 %",
  );
});
