import { ApiError } from "../errors.ts";
import type { BodyReader } from "./api-request.ts";

/** Far longer than any network pauses; a client that sends nothing for so long has gone or means no good. */
const bodyStallMs = 60_000;

/**
 * Hands on what comes, and gives up when nothing comes for a while. Slow uploads may take as long as they like.
 * @throws ApiError `STALLED`
 */
export async function* unstalled(
  reader: BodyReader,
  limitMs: number = bodyStallMs,
): AsyncGenerator<Uint8Array> {
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), limitMs);
      isDone = done;
      if (done || value === undefined) return;
      yield value;
    }
  } finally {
    if (!isDone) await reader.cancel().catch(() => {});
  }
}

/** @throws ApiError `STALLED` when a body, or the next part of it, does not come in time */
export async function within<T>(promise: Promise<T>, limitMs: number = bodyStallMs): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new ApiError("STALLED", `nothing of the request's body came for ${limitMs / 1000} s`)),
    limitMs,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
