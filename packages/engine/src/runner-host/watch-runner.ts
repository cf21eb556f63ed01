import { EngineError } from "../errors.ts";
import type { RunnerRequests } from "./runner-requests.ts";

export interface WatchOptions {
  /** A runner with requests that says nothing for so long hangs. */
  readonly hangTimeoutMs: number;
  /** Called once, with the reason. */
  readonly onHang: (reason: EngineError) => void;
  readonly now?: () => number;
}

/** A decode of a large model on a slow machine may take minutes: it gets this many times the limit. */
const stepPatience = 10;

/**
 * Asks a busy runner for signs of life. One whose loop does not answer hangs, and so does one that answers
 * but has not finished a decode for far too long.
 * @returns a function that ends the watch
 */
export function watchRunner(requests: RunnerRequests, options: WatchOptions): () => void {
  const { hangTimeoutMs, onHang, now = Date.now } = options;
  let steps = -1;
  let steppedAt = now();
  let asked = false;
  /** When this process last began to listen: time in which it was blocked or asleep itself proves nothing. */
  let awakeSince = now();
  let lookedAt = now();
  const intervalMs = Math.max(10, hangTimeoutMs / 4);
  const hang = (text: string) => {
    clearInterval(timer);
    onHang(new EngineError("RUNNER_HUNG", `the model runner hangs: ${text}`, { details: { hangTimeoutMs } }));
  };
  const look = (): void => {
    if (now() - lookedAt > intervalMs * 2) {
      awakeSince = now();
      steppedAt = now();
    }
    lookedAt = now();
    if (requests.pending === 0) {
      steppedAt = now();
      return;
    }
    const silentMs = now() - Math.max(requests.heardAt, requests.busySince, awakeSince);
    const stuckMs = now() - steppedAt;
    if (silentMs > hangTimeoutMs) hang(`it did not answer for ${silentMs} ms`);
    else if (stuckMs > hangTimeoutMs * stepPatience) hang(`no decode ended for ${stuckMs} ms`);
    else if (!asked) ask();
  };
  const ask = (): void => {
    asked = true;
    requests.request({ type: "health" }).then(
      (value) => {
        asked = false;
        if (value !== steps) steppedAt = now();
        steps = Number(value);
      },
      () => {},
    );
  };
  const timer = setInterval(look, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
