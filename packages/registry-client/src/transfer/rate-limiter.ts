import { setTimeout as sleep } from "node:timers/promises";

/** Lets bytes pass at a given pace, in the order asked; shared by all transfers of a client. */
export class RateLimiter {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  #freeAtMs = 0;

  /** @param bytesPerSecond  Infinity for no limit */
  constructor(bytesPerSecond: number, now: () => number = Date.now) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
  }

  get isUnlimited(): boolean {
    return this.#bytesPerSecond === Number.POSITIVE_INFINITY;
  }

  /** Time to wait before the next bytes may be read, after `bytes` were. Pure but for the clock. */
  book(bytes: number): number {
    if (this.isUnlimited) return 0;
    const now = this.#now();
    this.#freeAtMs = Math.max(this.#freeAtMs, now) + (bytes * 1000) / this.#bytesPerSecond;
    return this.#freeAtMs - now;
  }

  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.book(bytes);
    if (waitMs > 1) await sleep(waitMs, undefined, { signal });
  }
}
