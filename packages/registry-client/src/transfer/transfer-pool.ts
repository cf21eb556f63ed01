import { RateLimiter } from "./rate-limiter.ts";

export interface TransferPoolOptions {
  /** connections of all transfers together */
  readonly maxConnections: number;
  /** bytes of all transfers together that may be in memory between network and disk */
  readonly windowBytes: number;
  readonly bytesPerSecond: number;
}

export interface TransferShare extends Disposable {
  readonly maxConnections: number;
  readonly windowBytes: number;
  readonly limiter: RateLimiter;
}

/** Divides connections, memory and bandwidth evenly among the transfers that are under way. */
export class TransferPool {
  readonly #options: TransferPoolOptions;
  readonly #limiter: RateLimiter;
  #active = 0;

  constructor(options: TransferPoolOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.bytesPerSecond);
  }

  join(): TransferShare {
    this.#active += 1;
    const divide = (total: number) => Math.max(Math.floor(total / this.#active), 1);
    const { maxConnections, windowBytes } = this.#options;
    return {
      get maxConnections() {
        return divide(maxConnections);
      },
      get windowBytes() {
        return divide(windowBytes);
      },
      limiter: this.#limiter,
      [Symbol.dispose]: () => {
        this.#active -= 1;
      },
    };
  }
}
