const windowMs = 5_000;
/** Before this much time has passed, a rate is noise. */
const minSpanMs = 500;

/** Speed over the last seconds, so that a stall shows and resumed bytes do not count. */
export class TransferRate {
  readonly #samples: { readonly at: number; readonly completed: number }[] = [];

  add(at: number, completed: number): void {
    this.#samples.push({ at, completed });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) > windowMs) this.#samples.shift();
  }

  /** Bytes a second; undefined while it cannot be told. */
  at(now: number): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || now - first.at < minSpanMs) return undefined;
    const rate = ((last.completed - first.completed) * 1000) / (now - first.at);
    return rate > 0 ? rate : undefined;
  }
}
