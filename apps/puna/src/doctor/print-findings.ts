import type { Finding } from "./finding.ts";

const marks = { ok: "ok", note: "note", problem: "FAIL" } as const;
const colors = { ok: 32, note: 33, problem: 31 } as const;
/** Narrower columns than this help nobody. */
const smallestWidth = 20;

export interface PrintFindingsOptions {
  readonly colors: boolean;
  /** Of the terminal: longer texts go on in the next line, below themselves. Absent: none does. */
  readonly columns?: number | undefined;
  /** Shown as `~`. */
  readonly userHome?: string | undefined;
}

/** One line a finding, and below it what to do. */
export function printFindings(findings: readonly Finding[], options: PrintFindingsOptions): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const indent = width + 8;
  const room = Math.max(smallestWidth, (options.columns ?? Number.POSITIVE_INFINITY) - indent);
  const fit = (text: string) =>
    wrapWords(shortenHome(text, options.userHome), room).join(`\n${" ".repeat(indent)}`);
  const mark = ({ status }: Finding) => {
    const text = marks[status].padEnd(4);
    return options.colors ? `\u001b[${colors[status]}m${text}\u001b[39m` : text;
  };
  const lines = findings.flatMap((finding) => [
    `${mark(finding)}  ${finding.check.padEnd(width)}  ${fit(finding.summary)}`,
    ...(finding.advice === undefined ? [] : [`${" ".repeat(indent)}${fit(finding.advice)}`]),
  ]);
  const problems = findings.filter(({ status }) => status === "problem").length;
  const end =
    problems === 0
      ? "puna can run models here"
      : `${problems} ${problems === 1 ? "thing needs" : "things need"} your care`;
  return `${[...lines, "", end].join("\n")}\n`;
}

function shortenHome(text: string, userHome: string | undefined): string {
  return userHome === undefined || userHome === "/" || userHome === ""
    ? text
    : text.replaceAll(`${userHome}/`, "~/");
}

/** Lines of at most so many characters, cut at blanks where there are some. */
function wrapWords(text: string, room: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
