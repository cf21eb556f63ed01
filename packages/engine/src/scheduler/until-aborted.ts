import type { ModelLease } from "../engine.ts";
import { EngineError } from "../errors.ts";

/** A request that is cancelled leaves the queue at once; what it would have got is given back. */
export async function untilAborted(
  work: Promise<ModelLease>,
  signal: AbortSignal | undefined,
): Promise<ModelLease> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    void work.then((lease) => lease[Symbol.asyncDispose]()).catch(() => {});
    aborted.reject(new EngineError("ABORTED", "the request was cancelled while it waited for the model"));
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
