import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "../errors.ts";

export interface RetryPolicy {
  /** tries without any progress before giving up */
  readonly attempts: number;
  /** wait before the second try; doubles with each further one */
  readonly baseMs: number;
  readonly maxMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { attempts: 6, baseMs: 500, maxMs: 15_000 };

/** Longest `Retry-After` that is obeyed; a server cannot hold a pull for hours. */
const maxRetryAfterMs = 120_000;

/** Wait before try `attempt` (from 1): doubled each time, with full jitter in the upper half. */
export function backoffMs(attempt: number, policy: RetryPolicy, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.baseMs * 2 ** (attempt - 1), policy.maxMs);
  return ceiling * (0.5 + random() / 2);
}

/** `Retry-After` in milliseconds: seconds, or an HTTP date. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), maxRetryAfterMs);
}

/** Errors of the network, which may pass; answers and refusals do not. */
export function mayPass(error: unknown): boolean {
  if (RegistryError.is(error)) {
    if (error.details["isLasting"] === true) return false;
    if (error.code === "UNREACHABLE" || error.code === "STALLED") return true;
    const status = error.details["status"];
    return error.code === "REFUSED_BY_REGISTRY" && typeof status === "number" && isTransientStatus(status);
  }
  return false;
}

function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Waits; ends at once with the signal's reason when it fires. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return await sleep(ms);
  signal.throwIfAborted();
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
