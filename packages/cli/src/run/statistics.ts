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
  add("prompt eval rate", metrics.prompt_eval_duration, printRate(metrics.prompt_eval_count));
  add("eval count", metrics.eval_count, tokens);
  add("eval duration", metrics.eval_duration, printDuration);
  add("eval rate", metrics.eval_duration, printRate(metrics.eval_count));
  return rows.map(([label, value]) => `${label.padEnd(labelWidth)}${value}\n`).join("");
}

/** For the time that so many tokens took. */
function printRate(count = 0): (durationNs: number) => string {
  return (durationNs) => `${(count / (durationNs / 1e9)).toFixed(2)} tokens/s`;
}
