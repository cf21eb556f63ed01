import { EngineError } from "../errors.ts";

export interface LoadLimits {
  /** Since the runner last wrote anything: a load that goes on may take long. 0 = none. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Given a function that starts the time anew. */
  readonly onRestart: (restart: () => void) => void;
}

/** @throws EngineError `LOAD_TIMEOUT`, `ABORTED` */
export async function withinLimits<TValue>(work: Promise<TValue>, limits: LoadLimits): Promise<TValue> {
  const { timeoutMs, signal, onRestart } = limits;
  const limit = Promise.withResolvers<never>();
  const stall = () => {
    const text = `timed out waiting for the model runner to load: no progress for ${timeoutMs} ms`;
    limit.reject(new EngineError("LOAD_TIMEOUT", text));
  };
  const abort = () => {
    limit.reject(new EngineError("ABORTED", "the request was cancelled while the model was loading"));
  };
  const timer = timeoutMs > 0 && Number.isFinite(timeoutMs) ? setTimeout(stall, timeoutMs) : undefined;
  onRestart(() => timer?.refresh());
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await Promise.race([work, limit.promise]);
  } finally {
    clearTimeout(timer);
    onRestart(() => {});
    signal?.removeEventListener("abort", abort);
    work.catch(() => {});
  }
}
