import type { Finding } from "./finding.ts";

const marks = { ok: "ok", note: "note", problem: "FAIL" } as const;
const colors = { ok: 32, note: 33, problem: 31 } as const;

/** One line a finding, and below it what to do. */
export function printFindings(findings: readonly Finding[], options: { readonly colors: boolean }): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const mark = ({ status }: Finding) => {
    const text = marks[status].padEnd(4);
    return options.colors ? `\u001b[${colors[status]}m${text}\u001b[39m` : text;
  };
  const lines = findings.flatMap((finding) => [
    `${mark(finding)}  ${finding.check.padEnd(width)}  ${finding.summary}`,
    ...(finding.advice === undefined ? [] : [`${" ".repeat(width + 8)}${finding.advice}`]),
  ]);
  const problems = findings.filter(({ status }) => status === "problem").length;
  const end =
    problems === 0
      ? "puna can run models here"
      : `${problems} ${problems === 1 ? "thing needs" : "things need"} your care`;
  return `${[...lines, "", end].join("\n")}\n`;
}
