import { EngineError } from "../errors.ts";
import type { RunnerHealth, RunnerSpec } from "../ipc/messages.ts";
import { printGib } from "../print-gib.ts";
import type { RunnerRequests } from "./runner-requests.ts";

export interface WatchOptions {
  /** A runner with requests that says nothing for so long hangs. */
  readonly hangTimeoutMs: number;
  /** A runner that made more memory for itself leaks. */
  readonly mostBytes?: number;
  /** Called once, with the reason. */
  readonly onFailure: (reason: EngineError) => void;
  readonly now?: () => number;
}

/** A decode of a large model on a slow machine may take minutes: it gets this many times the limit. */
const stepPatience = 10;

/** Bytes that a runner may hold: twice what was planned, since some of it is held twice for a while, and a GiB. */
export function mostBytesOf({ planned, promptCacheBytes }: RunnerSpec): number | undefined {
  if (planned === undefined) return undefined;
  const { weightsBytes, contextBytes, processBytes } = planned;
  return 2 * (weightsBytes + contextBytes + processBytes) + promptCacheBytes + 2 ** 30;
}

/**
 * Asks a busy runner for signs of life. One whose loop does not answer hangs, and so does one that answers
 * but has not finished a decode for far too long. One that holds far more memory than its model needs leaks.
 * @returns a function that ends the watch
 */
export function watchRunner(requests: RunnerRequests, options: WatchOptions): () => void {
  const { hangTimeoutMs, mostBytes = Number.POSITIVE_INFINITY, onFailure, now = Date.now } = options;
  let steps = -1;
  let steppedAt = now();
  let asked = false;
  /** When this process last began to listen: time in which it was blocked or asleep itself proves nothing. */
  let awakeSince = now();
  let lookedAt = now();
  const intervalMs = Math.max(10, hangTimeoutMs / 4);
  const fail = (error: EngineError) => {
    clearInterval(timer);
    onFailure(error);
  };
  const hang = (text: string) =>
    fail(new EngineError("RUNNER_HUNG", `the model runner hangs: ${text}`, { details: { hangTimeoutMs } }));
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
        const health = value as RunnerHealth; // Of our own version, and asked for its health.
        if (health.steps !== steps) steppedAt = now();
        steps = health.steps;
        if (health.memoryBytes > mostBytes) fail(leak(health.memoryBytes, mostBytes));
      },
      () => {},
    );
  };
  const timer = setInterval(look, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

function leak(memoryBytes: number, mostBytes: number): EngineError {
  const text = `the model runner leaks memory: it holds ${printGib(memoryBytes)}, and its model needs less than ${printGib(mostBytes)}`;
  return new EngineError("RUNNER_CRASHED", text, { details: { memoryBytes, mostBytes } });
}
