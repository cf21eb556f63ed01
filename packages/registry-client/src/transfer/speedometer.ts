const windowMs = 5000;

/** Rate over the last five seconds, from totals reported at times. */
export class Speedometer {
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  /** @returns bytes a second, or undefined when there is too little to tell */
  measure(atMs: number, totalBytes: number): number | undefined {
    this.#samples.push({ atMs, bytes: totalBytes });
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= windowMs)
      this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || atMs - first.atMs < 100) return undefined;
    return ((totalBytes - first.bytes) * 1000) / (atMs - first.atMs);
  }
}
