import { parseDuration, printDuration } from "./duration.ts";
import { ProtocolError } from "./protocol-error.ts";

/** What `parseKeepAlive` gives for "until the server ends". */
export const keepAliveForever = -1;

/** Go holds durations in 63 bits of nanoseconds; longer ones count as forever. */
const maxMilliseconds = 2 ** 63 / 1_000_000;

/**
 * Reads `keep_alive` of a request.
 * @param value  JSON value: seconds as a number, or a Go duration with unit such as `5m`; negative = forever
 * @returns milliseconds, 0 = unload at once, -1 = forever; undefined for null and undefined (server default)
 * @throws ProtocolError `INVALID_KEEP_ALIVE`, also for a string without unit such as `"10"`
 */
export function parseKeepAlive(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return toMilliseconds(value * 1000);
  if (typeof value === "string") {
    try {
      return toMilliseconds(parseDuration(value) / 1_000_000);
    } catch (cause) {
      if (!ProtocolError.is(cause)) throw cause;
      throw new ProtocolError("INVALID_KEEP_ALIVE", cause.message, { cause });
    }
  }
  throw new ProtocolError("INVALID_KEEP_ALIVE", `Unsupported type: '${goTypeOf(value)}'`);
}

/**
 * Reads a keep-alive of a setting or flag, where a bare integer means seconds: `5m`, `300`, `-1`.
 * @returns milliseconds, -1 = forever
 * @throws ProtocolError `INVALID_KEEP_ALIVE`
 */
export function parseKeepAliveSetting(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : text;
  return parseKeepAlive(value) ?? keepAliveForever;
}

/** The wire form of a keep-alive: `-1`, or a Go duration such as `5m0s`. */
export function printKeepAlive(milliseconds: number): number | string {
  return milliseconds < 0 ? keepAliveForever : printDuration(milliseconds * 1_000_000);
}

function toMilliseconds(milliseconds: number): number {
  return milliseconds < 0 || milliseconds >= maxMilliseconds ? keepAliveForever : milliseconds;
}

function goTypeOf(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "[]interface {}" : "map[string]interface {}";
}
