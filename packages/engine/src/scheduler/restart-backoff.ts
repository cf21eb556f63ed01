import { EngineError } from "../errors.ts";

const freeDeaths = 2;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
const forgetAfterMs = 300_000;

/** Keeps a model whose runner dies again and again from taking the machine with it. */
export class RestartBackoff {
  readonly #now: () => number;
  readonly #deaths = new Map<string, { count: number; lastMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param answered  requests that the runner brought to their end: one that works is not at fault */
  died(modelPath: string, answered: number): void {
    if (answered > 0) {
      this.#deaths.delete(modelPath);
      return;
    }
    const known = this.#deaths.get(modelPath);
    const recent = known !== undefined && this.#now() - known.lastMs < forgetAfterMs;
    this.#deaths.set(modelPath, { count: (recent ? known.count : 0) + 1, lastMs: this.#now() });
  }

  /** @throws EngineError `RUNNER_CRASHED` while the model must wait */
  check(modelPath: string): void {
    const known = this.#deaths.get(modelPath);
    if (known === undefined || known.count <= freeDeaths) return;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (known.count - freeDeaths - 1));
    const leftMs = known.lastMs + pauseMs - this.#now();
    if (leftMs <= 0) return;
    throw new EngineError(
      "RUNNER_CRASHED",
      `the model runner died ${known.count} times in a row; the next try is in ${Math.ceil(leftMs / 1000)} s`,
      { details: { deaths: known.count, retryAfterMs: leftMs } },
    );
  }
}
