const resamples = 2000;

/** One line of the table. @param samples  in pairs, in order */
export function describeRatio(
  name: string,
  samples: { readonly ours: readonly number[]; readonly theirs: readonly number[] },
): string {
  const higherIsBetter = name.includes("tok/s");
  const ratios = samples.ours.map((value, index) => {
    const other = samples.theirs[index] ?? Number.NaN;
    return higherIsBetter ? value / other : other / value;
  });
  const [low, high] = interval(ratios);
  const cells = [samples.ours, samples.theirs].map((row) => median(row).toFixed(1).padStart(9));
  return `${name.padEnd(24)} ${cells.join(" ")}   ${median(ratios).toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** 90 % of the median, by resampling; always with the same pseudo-random draws. */
function interval(values: readonly number[]): readonly [number, number] {
  let state = 12345;
  const draw = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return values[Math.floor((state / 2147483648) * values.length)] ?? Number.NaN;
  };
  const medians = Array.from({ length: resamples }, () => median(values.map(draw))).sort((a, b) => a - b);
  return [
    medians[Math.floor(resamples * 0.05)] ?? Number.NaN,
    medians[Math.floor(resamples * 0.95)] ?? Number.NaN,
  ];
}
