import { interval, median } from "./engine-ratio.ts";

/** One line of the table: a ratio to the peer's figure, or a bound of our own. */
export interface Row {
  readonly name: string;
  readonly figure: string;
  readonly unit: string;
  readonly goal:
    | { readonly ratio: "at least" | "at most"; readonly value: number }
    | { readonly difference: string; readonly of?: "peer"; readonly atMost: number }
    | { readonly atMost: number };
  /** A start, which is compared with the peer that was built here alone. */
  readonly isStart?: boolean;
}

export const rows: readonly Row[] = [
  { name: "decode, 1 stream", figure: "decode 1", unit: "tok/s", goal: { ratio: "at least", value: 0.97 } },
  { name: "decode, 4 streams", figure: "decode 4", unit: "tok/s", goal: { ratio: "at least", value: 1 } },
  { name: "decode, 8 streams", figure: "decode 8", unit: "tok/s", goal: { ratio: "at least", value: 1 } },
  {
    name: "first token of 1,000, cold",
    figure: "first token",
    unit: "ms",
    goal: { ratio: "at most", value: 1.05 },
  },
  {
    name: "second turn beside the peer's",
    figure: "second turn",
    unit: "ms",
    goal: { difference: "second turn", of: "peer", atMost: 10 },
  },
  {
    name: "20 chats in turn beside one's slot",
    figure: "chats in turn",
    unit: "ms",
    goal: { difference: "chat on its slot", atMost: 10 },
  },
  { name: "256 embeddings", figure: "embeddings", unit: "text/s", goal: { ratio: "at least", value: 1 } },
  { name: "request to first byte, own part", figure: "overhead", unit: "ms", goal: { atMost: 1 } },
  {
    name: "load to first token",
    figure: "load",
    unit: "ms",
    goal: { ratio: "at most", value: 0.8 },
    isStart: true,
  },
  {
    name: "memory of the runner",
    figure: "runner memory",
    unit: "MiB",
    goal: { ratio: "at most", value: 1.15 },
  },
  { name: "memory of the server", figure: "server memory", unit: "MiB", goal: { atMost: 120 } },
  { name: "cancel in a prompt of 4,000", figure: "cancel", unit: "ms", goal: { atMost: 100 } },
];

/** A goal is reached when the interval reaches it and the median misses it by no more than this. */
const tolerance = 0.03;

export interface Samples {
  readonly ours: readonly Readonly<Record<string, number>>[];
  /** In pairs with ours, in order. */
  readonly theirs: readonly Readonly<Record<string, number>>[];
}

/** @returns the line, and whether its goal is reached; undefined where nothing was measured */
export function judgeRow(
  { name, figure, unit, goal }: Row,
  { ours, theirs }: Samples,
): { readonly line: string; readonly passes: boolean } | undefined {
  const values = ours.map((row) => row[figure] ?? Number.NaN);
  if (values.some(Number.isNaN)) return undefined;
  const peer = theirs.map((row) => row[figure] ?? Number.NaN);
  const show = (value: number) => (Number.isNaN(value) ? "" : value.toFixed(1)).padStart(9);
  const head = `${name.padEnd(35)} ${show(median(values))} ${show(median(peer))} ${unit.padEnd(6)}`;
  const row = (middle: number, range: readonly [number, number], wanted: string, passes: boolean) => {
    const digits = "ratio" in goal ? 3 : 1;
    const text = `${middle.toFixed(digits)} (${range[0].toFixed(digits)}–${range[1].toFixed(digits)})`;
    return { line: `${head} ${text.padEnd(24)} ${wanted.padEnd(14)} ${passes ? "PASS" : "FAIL"}`, passes };
  };
  if ("ratio" in goal) {
    const ratios = values.map((value, index) => value / (peer[index] ?? Number.NaN));
    if (ratios.some(Number.isNaN)) return undefined;
    const [middle, range] = [median(ratios), interval(ratios)];
    const passes =
      goal.ratio === "at least"
        ? range[1] >= goal.value && middle >= goal.value - tolerance
        : range[0] <= goal.value && middle <= goal.value + tolerance;
    return row(middle, range, `${goal.ratio} ${goal.value.toFixed(2)}`, passes);
  }
  const own =
    "difference" in goal
      ? values.map((value, index) => {
          const beside = goal.of === "peer" ? theirs[index] : ours[index];
          return value - (beside?.[goal.difference] ?? Number.NaN);
        })
      : values;
  const [middle, range] = [median(own), interval(own)];
  return row(middle, range, `at most ${goal.atMost}`, middle <= goal.atMost);
}
