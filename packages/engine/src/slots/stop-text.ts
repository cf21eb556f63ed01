/**
 * Watches streamed text for stop sequences. Text that may begin one is held back, so that no part of a
 * stop sequence is ever shown.
 */
export class StopText {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  /** @returns text that is safe to show, and the stop sequence when one was completed */
  push(text: string): { readonly text: string; readonly stop?: string } {
    const all = this.#held + text;
    let first: { readonly at: number; readonly stop: string } | undefined;
    for (const stop of this.#stops) {
      const at = all.indexOf(stop);
      if (at >= 0 && (first === undefined || at < first.at)) first = { at, stop };
    }
    if (first !== undefined) {
      this.#held = "";
      return { text: all.slice(0, first.at), stop: first.stop };
    }
    const keep = this.#stops.reduce((longest, stop) => Math.max(longest, overlap(all, stop)), 0);
    this.#held = all.slice(all.length - keep);
    return { text: all.slice(0, all.length - keep) };
  }

  /** What was held back when the text ended without a stop sequence. */
  end(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}

/** Length of the longest suffix of `text` that begins `stop` without being all of it. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
