import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PromptError } from "../errors.ts";
import { sampleData } from "../testing/sample-data.ts";
import { GoTemplate, type GoTemplateOptions } from "./go-template.ts";
import { fromJson, GoMap } from "./values.ts";

function codeOf(source: string, options: GoTemplateOptions = {}, data = sampleData): string {
  try {
    GoTemplate.parse(source, options).execute(data);
    return "none";
  } catch (error) {
    if (PromptError.is(error)) return error.code;
    throw error;
  }
}

describe("a template is stopped", () => {
  const doubled = '{{ $x := "ab" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}';
  const rows: readonly (readonly [why: string, source: string])[] = [
    [
      "when templates call each other without end",
      '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
    ],
    ["when it loops for too long", "{{ range 9223372036854775807 }}{{ end }}"],
    ["when loops in loops go on for too long", "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}"],
    ["when it writes too much", '{{ range 1000000 }}{{ printf "%1000d" . }}{{ end }}'],
    ["when a text doubles itself", doubled],
    ["when escaping makes a text grow", doubled.replace("print $x $x", "urlquery $x $x")],
    [
      "when escaping for scripts makes it grow",
      doubled.replace('"ab"', '"<"').replace("print $x $x", "js $x $x"),
    ],
    ["when quoting makes it grow", doubled.replace("print $x $x", 'printf "%q" $x')],
    ["when a width is used again and again", `{{ printf "${"%1000000d".repeat(60)}" ${"1 ".repeat(60)} }}`],
    [
      "when long texts are compared again and again",
      `${doubled.replace("100", "22")}{{ range 1000000 }}{{ $y := eq $x $x }}{{ end }}`,
    ],
    ["when parentheses are nested too deeply", `{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`],
    ["when blocks are nested too deeply", "{{ if 1 }}".repeat(5000) + "{{ end }}".repeat(5000)],
    ["when conditions are chained without end", `{{ if 0 }}${"{{ else if 0 }}".repeat(5000)}{{ end }}`],
    ["when its text is too long", "x".repeat((1 << 20) + 1)],
  ];
  it.each(rows)("%s", (_, source) => {
    const started = process.cpuUsage();
    expect(codeOf(source)).toBe("TEMPLATE_LIMIT");
    // A hang takes minutes.
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(10_000);
  });

  it("when a value it prints is nested too deeply", () => {
    const nested = "[".repeat(50_000) + "]".repeat(50_000);
    const data = GoMap.of({ Value: fromJson(JSON.parse(nested)) });
    const functions = new Map([["count", { parameters: ["any"], call: () => 1 } as const]]);
    expect(codeOf("{{ .Value }}", {}, data)).toBe("TEMPLATE_LIMIT");
    expect(codeOf("{{ len .Value }}{{ count .Value }}", { functions }, data)).toBe("none");
  });

  it("at limits given by the caller", () => {
    expect(codeOf("{{ range 10 }}x{{ end }}", { limits: { maxSteps: 5 } })).toBe("TEMPLATE_LIMIT");
    expect(codeOf("{{ range 10 }}x{{ end }}", { limits: { maxOutputLength: 9 } })).toBe("TEMPLATE_LIMIT");
    expect(codeOf("{{ if 1 }}{{ if 1 }}x{{ end }}{{ end }}", { limits: { maxDepth: 2 } })).toBe(
      "TEMPLATE_LIMIT",
    );
    expect(codeOf("{{ range 10 }}x{{ end }}", { limits: { maxSteps: 100, maxOutputLength: 10 } })).toBe(
      "none",
    );
  });
});

it.each(
  ["9", "0xf", "1_1", "07", "0b1", "1.9", "0x1.f"].flatMap((start) =>
    ["", "i", "p1", "e5", "z"].map((end) => [start, end]),
  ),
)("reads a number of a hundred thousand digits at once: %s…%s", (start, end) => {
  const digit = start.slice(-1);
  const source = `{{ ${start}${(start.includes("_") ? `_${digit}` : digit).repeat(100_000)}${end} }}`;
  const started = process.cpuUsage();
  codeOf(source);
  // What goes back and forth takes seconds.
  expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
});

it("fails with errors of this package only, whatever the template says", () => {
  const pieces = [
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "if ",
    "else",
    "end",
    "range ",
    "with ",
    "define ",
    "template ",
    "block ",
    "break",
    "continue",
    '"a"',
    "`b`",
    "'c'",
    "1",
    "0x",
    "1e9",
    "2i",
    ".List",
    ".Map",
    ".Name",
    "$",
    "$x",
    " := ",
    " = ",
    "|",
    "(",
    ")",
    ",",
    ".",
    "/*",
    "*/",
    "printf ",
    '"%*d%[2]q"',
    "index ",
    "slice ",
    "len ",
    "eq ",
    "and ",
    "nil",
    "\n",
    "é",
    "\ud83d",
    "{{ end }}",
    "{{ range .List }}",
    "{{ if .Name }}",
    "{{ . }}",
    " ",
  ];
  const template = fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(template, (source) => {
      expect(["none", "TEMPLATE_INVALID", "TEMPLATE_FAILED", "TEMPLATE_LIMIT"]).toContain(
        codeOf(source, { limits: { maxSteps: 10_000 } }),
      );
    }),
    { numRuns: 3000 },
  );
});

describe("a long template is read in time proportional to its text", () => {
  const names = Array.from({ length: 40_000 }, (_, index) => `{{$a${index}:=1}}`).join("");
  const rows: readonly (readonly [what: string, source: string])[] = [
    ["of very many lines", "\n{{.Name}}".repeat(90_000)],
    ["of very many actions in one line", "{{.Name}}".repeat(100_000)],
    ["of very many blocks", "{{if 1}}\n{{end}}".repeat(60_000)],
    ["of very many variables", `${names}${"{{$a39999}}".repeat(30_000)}`],
  ];
  it.each(rows)("%s", (_, source) => {
    const started = process.cpuUsage();
    GoTemplate.parse(source);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(15_000);
  });
});
