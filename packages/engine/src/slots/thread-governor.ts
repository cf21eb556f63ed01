/**
 * Decodes are judged together until they took so long. Requests that arrive together keep the server itself busy for
 * some 50 ms; that is no reason to go on with fewer threads.
 */
const windowMs = 400;
/** Less of the processor than this, and threads wait for each other more than they compute. */
const fairShare = 0.65;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/**
 * How many threads the next decode gets. llama.cpp's threads wait for each other without giving way: when other
 * programs keep the cores busy, two threads can be ten times slower than one. So threads that do not get their
 * share of processor time are given up, and tried again after a while.
 */
export class ThreadGovernor {
  readonly #most: number;
  readonly #now: () => number;
  #threads: number;
  #wallMs = 0;
  #cpuMs = 0;
  #retryAt = 0;
  #pauseMs = firstPauseMs;

  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#threads = most;
    this.#now = now;
  }

  get threads(): number {
    return this.#threads;
  }

  /** @param cpuMs  processor time that the process used meanwhile, over all its threads */
  record(wallMs: number, cpuMs: number): void {
    this.#wallMs += wallMs;
    this.#cpuMs += cpuMs;
    if (this.#wallMs < windowMs) return;
    const share = this.#cpuMs / (this.#wallMs * this.#threads);
    this.#wallMs = 0;
    this.#cpuMs = 0;
    if (share < fairShare && this.#threads > 1) {
      this.#threads = Math.max(1, Math.floor(this.#threads * share));
      this.#retryAt = this.#now() + this.#pauseMs;
      this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
    } else if (this.#threads === this.#most) {
      this.#pauseMs = firstPauseMs;
    } else if (this.#now() >= this.#retryAt) {
      this.#threads = this.#most;
    }
  }
}
