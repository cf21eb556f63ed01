import { setTimeout as sleep } from "node:timers/promises";

/** Bytes pass in slices of so long, so that connections take turns and progress moves under low limits. */
const sliceMs = 50;
/** Shorter waits are put off: timers are not that exact. */
const leastWaitMs = 5;
/** What timers that fire late cost is made up for, up to so much. */
const creditMs = 100;

/** Lets bytes pass at a given pace, in the order asked; shared by all transfers of a client. */
export class RateLimiter {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  readonly #sliceBytes: number;
  #freeAtMs: number | undefined;

  /** @param bytesPerSecond  Infinity for no limit */
  constructor(bytesPerSecond: number, now: () => number = Date.now) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
    this.#sliceBytes = Math.max(Math.floor((bytesPerSecond * sliceMs) / 1000), 1);
  }

  get isUnlimited(): boolean {
    return this.#bytesPerSecond === Number.POSITIVE_INFINITY;
  }

  /** Whether bytes wait for the limit now: then connections that look slow are only held back here. */
  get holdsBack(): boolean {
    return this.#freeAtMs !== undefined && this.#freeAtMs > this.#now() - creditMs;
  }

  /** Time to wait before the next bytes may be read, after `bytes` were. Pure but for the clock. */
  book(bytes: number): number {
    if (this.isUnlimited) return 0;
    const now = this.#now();
    const from = this.#freeAtMs === undefined ? now : Math.max(this.#freeAtMs, now - creditMs);
    this.#freeAtMs = from + (bytes * 1000) / this.#bytesPerSecond;
    return this.#freeAtMs - now;
  }

  /**
   * Tells `onPassed` of the bytes as their time comes, all of them even when this is aborted.
   * @returns undefined when there is nothing to wait for
   */
  pass(bytes: number, signal: AbortSignal, onPassed: (bytes: number) => void): Promise<void> | undefined {
    const first = Math.min(bytes, this.#sliceBytes);
    const waitMs = this.book(first);
    if (first === bytes && waitMs < leastWaitMs) {
      onPassed(bytes);
      return undefined;
    }
    return this.#passSlices({ bytes, first, waitMs }, signal, onPassed);
  }

  async #passSlices(
    begun: { readonly bytes: number; readonly first: number; readonly waitMs: number },
    signal: AbortSignal,
    onPassed: (bytes: number) => void,
  ): Promise<void> {
    let { bytes: left, first: slice, waitMs } = begun;
    try {
      for (;;) {
        if (waitMs >= leastWaitMs) await sleep(waitMs, undefined, { signal });
        left -= slice;
        onPassed(slice);
        if (left === 0) return;
        slice = Math.min(left, this.#sliceBytes);
        waitMs = this.book(slice);
      }
    } finally {
      if (left > 0) onPassed(left);
    }
  }
}
