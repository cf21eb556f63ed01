import { ProtocolError } from "./protocol-error.ts";

const unitNanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n, // micro sign
  "\u03bcs": 1_000n, // Greek mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const maxNanoseconds = 2n ** 63n - 1n;

/** Guards against megabytes of digits; the longest useful duration has some 30 characters. */
const maxLength = 256;

/**
 * Reads a duration as Go writes it: `300ms`, `-1.5h`, `1h30m`, `0`.
 * @returns nanoseconds; a whole number, exact up to 2^53 (104 days)
 * @throws ProtocolError `INVALID_DURATION`, with the text of Go's time.ParseDuration
 */
export function parseDuration(text: string): number {
  if (text.length > maxLength) {
    throw new ProtocolError("INVALID_DURATION", `time: invalid duration of ${text.length} characters`);
  }
  const shown = quote(text);
  const invalid = (reason = `invalid duration ${shown}`) =>
    new ProtocolError("INVALID_DURATION", `time: ${reason}`);
  const negative = text.startsWith("-");
  let rest = negative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0;
  if (rest === "") throw invalid();
  let total = 0n;
  while (rest !== "") {
    const [number = "", whole = "", fraction = ""] = /^(\d*)\.?(\d*)/.exec(rest) ?? [];
    if (whole === "" && fraction === "") throw invalid();
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? "";
    if (unit === "") throw invalid(`missing unit in duration ${shown}`);
    const scale = Object.hasOwn(unitNanoseconds, unit) ? unitNanoseconds[unit] : undefined;
    if (scale === undefined) throw invalid(`unknown unit ${quote(unit)} in duration ${shown}`);
    rest = rest.slice(unit.length);
    total +=
      BigInt(whole || "0") * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
    if (total > maxNanoseconds + (negative ? 1n : 0n)) throw invalid();
  }
  return Number(negative ? -total : total);
}

/**
 * Writes nanoseconds as Go does: `5m0s`, `1h30m0s`, `1.5s`, `300ms`, `0s`.
 * @param nanoseconds  fractions are cut off
 */
export function printDuration(nanoseconds: number): string {
  const total = BigInt(Math.trunc(nanoseconds));
  if (total === 0n) return "0s";
  const sign = total < 0n ? "-" : "";
  const size = total < 0n ? -total : total;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}\u00b5s`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

/** `value` with its last `places` digits after a point, trailing zeros cut. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return digits.slice(0, -places) + (fraction === "" ? "" : `.${fraction}`);
}

/** Quotes as Go's time package does: control and non-ASCII bytes as `\\xNN`. */
function quote(text: string): string {
  let quoted = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte >= 0x80) quoted += `\\x${byte.toString(16).padStart(2, "0")}`;
    else quoted += character === '"' || character === "\\" ? `\\${character}` : character;
  }
  return `"${quoted}"`;
}
