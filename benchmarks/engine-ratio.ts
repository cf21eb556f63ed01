const resamples = 2000;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** 90 % of the median, by resampling; always with the same pseudo-random draws. */
export function interval(values: readonly number[]): readonly [number, number] {
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
