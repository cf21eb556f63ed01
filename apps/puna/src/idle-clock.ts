import type { EventEmitter } from "node:events";

/** Tells when nothing was asked for long enough. A request that is still running counts as asking. */
export class IdleClock {
  readonly #idleMs: number;
  readonly #expire: () => void;
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(idleMs: number, expire: () => void) {
    this.#idleMs = idleMs;
    this.#expire = expire;
    this.#wind();
  }

  /** Counts a request until its reply has been written, or given up. */
  track(outgoing: EventEmitter): void {
    this.#running += 1;
    clearTimeout(this.#timer);
    outgoing.once("close", () => {
      this.#running -= 1;
      if (this.#running === 0) this.#wind();
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wind(): void {
    this.#timer = setTimeout(this.#expire, this.#idleMs);
    this.#timer.unref();
  }
}
