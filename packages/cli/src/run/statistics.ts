import { type Metrics, printDuration } from "@puna/protocol";

const labelWidth = 22;

/** The lines of `--verbose`; values that are zero are left out. */
export function printStatistics(metrics: Metrics): string {
  const rows: [string, string][] = [];
  const add = (label: string, value: number | undefined, print: (value: number) => string) => {
    if (value !== undefined && value > 0) rows.push([`${label}:`, print(value)]);
  };
  const tokens = (count: number) => `${count} token(s)`;
  add("total duration", metrics.total_duration, printDuration);
  add("load duration", metrics.load_duration, printDuration);
  add("prompt eval count", metrics.prompt_eval_count, tokens);
  add("prompt eval duration", metrics.prompt_eval_duration, printDuration);
  add("prompt eval rate", rate(metrics.prompt_eval_count, metrics.prompt_eval_duration), printRate);
  add("eval count", metrics.eval_count, tokens);
  add("eval duration", metrics.eval_duration, printDuration);
  add("eval rate", rate(metrics.eval_count, metrics.eval_duration), printRate);
  return rows.map(([label, value]) => `${label.padEnd(labelWidth)}${value}\n`).join("");
}

function rate(count: number | undefined, durationNs: number | undefined): number | undefined {
  return count && durationNs ? count / (durationNs / 1e9) : undefined;
}

function printRate(tokensPerSecond: number): string {
  return `${tokensPerSecond.toFixed(2)} tokens/s`;
}
