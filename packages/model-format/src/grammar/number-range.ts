import { characterSet } from "./characters.ts";
import {
  characters,
  choice,
  type Expression,
  empty,
  nothing,
  optional,
  repeat,
  sequence,
  text,
} from "./expression.ts";

/** A bound of a range of numbers, as decimal digits. */
export interface NumberBound {
  readonly value: number;
  readonly isExclusive: boolean;
}

/** Digits of an unbounded number; more would be beyond what a double tells apart. */
const maxDigits = 16;

/** JSON text of every integer from `min` to `max`, both included; undefined for no bound. */
export function integerRange(min: bigint | undefined, max: bigint | undefined): Expression {
  if (min !== undefined && max !== undefined && min > max) return nothing;
  const positive =
    max !== undefined && max < 0n ? nothing : naturals(min === undefined || min < 0n ? 0n : min, max);
  const least = max === undefined || max >= 0n ? 1n : -max;
  const negative =
    min !== undefined && min >= 0n
      ? nothing
      : sequence(text("-"), naturals(least, min === undefined ? undefined : -min));
  return choice(positive, negative);
}

/** JSON text of every number between two bounds, in decimal notation without an exponent. */
export function decimalRange(min: NumberBound | undefined, max: NumberBound | undefined): Expression {
  const zero: NumberBound = { value: 0, isExclusive: false };
  const isOnlyNegative = max !== undefined && (max.value < 0 || (max.value === 0 && max.isExclusive));
  const isOnlyPositive = min !== undefined && (min.value > 0 || (min.value === 0 && min.isExclusive));
  const positive = isOnlyNegative ? nothing : magnitudes(isOnlyPositive ? min : zero, max);
  if (min !== undefined && min.value >= 0) return positive;
  // Below zero the larger magnitude is the smaller number; zero itself is written without a sign.
  const least = isOnlyNegative && max !== undefined ? negate(max) : { value: 0, isExclusive: true };
  return choice(
    positive,
    sequence(text("-"), magnitudes(least, min === undefined ? undefined : negate(min))),
  );
}

function negate({ value, isExclusive }: NumberBound): NumberBound {
  return { value: -value, isExclusive };
}

/** Unsigned decimals from `min` (not negative) to `max`. */
function magnitudes(min: NumberBound, max: NumberBound | undefined): Expression {
  if (max !== undefined && max.value < min.value) return nothing;
  const low = decimalDigits(min.value);
  const high = max === undefined ? undefined : decimalDigits(max.value);
  if (high === undefined) {
    return choice(
      sequence(text(String(low.whole)), fractionAtLeast(low.fraction, min.isExclusive)),
      sequence(naturals(low.whole + 1n, undefined), anyFraction()),
    );
  }
  const isHighExclusive = max?.isExclusive ?? false;
  if (low.whole === high.whole) {
    return sequence(
      text(String(low.whole)),
      fractionBetween(low.fraction, min.isExclusive, high.fraction, isHighExclusive),
    );
  }
  return choice(
    sequence(text(String(low.whole)), fractionAtLeast(low.fraction, min.isExclusive)),
    sequence(naturals(low.whole + 1n, high.whole - 1n), anyFraction()),
    sequence(text(String(high.whole)), fractionAtMost(high.fraction, isHighExclusive)),
  );
}

/** Whole part and fraction digits (without closing zeros) of a number that is not negative. */
function decimalDigits(value: number): { readonly whole: bigint; readonly fraction: string } {
  const [mantissa = "0", exponentText = "0"] = String(value).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const exponent = Number(exponentText);
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0");
  const at = Math.max(point, 1);
  return { whole: BigInt(padded.slice(0, at)), fraction: padded.slice(at).replace(/0+$/, "") };
}

const digitClass = (low: number, high: number): Expression =>
  low > high ? nothing : characters(characterSet([[0x30 + low, 0x30 + high]]));
const anyDigits: Expression = repeat(digitClass(0, 9), 0, maxDigits);
const zeros: Expression = repeat(text("0"), 0, maxDigits);

function anyFraction(): Expression {
  return optional(sequence(text("."), digitClass(0, 9), anyDigits));
}

/** Digits of which one at least is not zero. */
function someDigits(): Expression {
  return sequence(zeros, digitClass(1, 9), anyDigits);
}

function fractionAtLeast(fraction: string, isExclusive: boolean): Expression {
  if (fraction === "" && !isExclusive) return anyFraction();
  return sequence(text("."), digitsAtLeast(fraction, isExclusive));
}

function digitsAtLeast(fraction: string, isExclusive: boolean): Expression {
  if (fraction === "") return isExclusive ? someDigits() : anyDigits;
  const first = Number(fraction[0]);
  return choice(
    sequence(digitClass(first + 1, 9), anyDigits),
    sequence(text(String(first)), digitsAtLeast(fraction.slice(1), isExclusive)),
  );
}

function fractionAtMost(fraction: string, isExclusive: boolean): Expression {
  if (fraction === "") return isExclusive ? nothing : optional(sequence(text("."), text("0"), zeros));
  return optional(sequence(text("."), digitsAtMost(fraction, isExclusive)));
}

// At least one digit, since a point stands before them.
function digitsAtMost(fraction: string, isExclusive: boolean): Expression {
  const first = Number(fraction[0]);
  const rest = fraction.slice(1);
  const same = rest === "" ? (isExclusive ? nothing : zeros) : choice(empty, digitsAtMost(rest, isExclusive));
  return choice(sequence(digitClass(0, first - 1), anyDigits), sequence(text(String(first)), same));
}

function fractionBetween(
  low: string,
  isLowExclusive: boolean,
  high: string,
  isHighExclusive: boolean,
): Expression {
  const isZeroIn = low === "" && !isLowExclusive && (high !== "" || !isHighExclusive);
  const digits = digitsBetween(low, isLowExclusive, high, isHighExclusive);
  const withPoint = sequence(text("."), digits);
  return isZeroIn ? choice(empty, withPoint) : withPoint;
}

function digitsBetween(
  low: string,
  isLowExclusive: boolean,
  high: string,
  isHighExclusive: boolean,
): Expression {
  if (low === "" && high === "")
    return isLowExclusive || isHighExclusive ? nothing : sequence(text("0"), zeros);
  if (low === "") {
    const upTo = digitsAtMost(high, isHighExclusive);
    return isLowExclusive ? positiveAtMost(high, isHighExclusive) : upTo;
  }
  if (high === "") return nothing;
  const first = Number(low[0]);
  const last = Number(high[0]);
  if (first > last) return nothing;
  if (first === last) {
    const rest = digitsBetween(low.slice(1), isLowExclusive, high.slice(1), isHighExclusive);
    const isDone = low.length === 1 && !isLowExclusive && (high.length > 1 || !isHighExclusive);
    return sequence(text(String(first)), isDone ? choice(empty, rest) : rest);
  }
  const highRest = high.slice(1);
  const atHigh =
    highRest === ""
      ? isHighExclusive
        ? nothing
        : zeros
      : choice(empty, digitsAtMost(highRest, isHighExclusive));
  return choice(
    sequence(text(String(first)), digitsAtLeast(low.slice(1), isLowExclusive)),
    sequence(digitClass(first + 1, last - 1), anyDigits),
    sequence(text(String(last)), atHigh),
  );
}

/** Fraction digits above zero and at most `high`. */
function positiveAtMost(high: string, isExclusive: boolean): Expression {
  const first = Number(high[0]);
  const rest = high.slice(1);
  if (first === 0) return sequence(text("0"), rest === "" ? nothing : positiveAtMost(rest, isExclusive));
  const same = rest === "" ? (isExclusive ? nothing : zeros) : choice(empty, digitsAtMost(rest, isExclusive));
  return choice(
    sequence(text("0"), someDigits()),
    sequence(digitClass(1, first - 1), anyDigits),
    sequence(text(String(first)), same),
  );
}

/** Whole numbers that are not negative, without leading zeros. */
function naturals(min: bigint, max: bigint | undefined): Expression {
  if (max !== undefined && min > max) return nothing;
  const options: Expression[] = [];
  const lowText = String(min);
  const highText = max === undefined ? undefined : String(max);
  const longest = highText?.length ?? Math.max(maxDigits, lowText.length + 1);
  const lastExact = highText === undefined ? lowText.length : Math.min(lowText.length + 1, longest);
  for (let length = lowText.length; length <= lastExact; length += 1) {
    const from = length === lowText.length ? lowText : `1${"0".repeat(length - 1)}`;
    const to = length === highText?.length ? highText : "9".repeat(length);
    options.push(sameLength(from, to));
  }
  // All lengths in between at once.
  const nextLength = lastExact + 1;
  const lastFull = highText === undefined ? longest : longest - 1;
  if (nextLength <= lastFull) {
    options.push(sequence(digitClass(1, 9), repeat(digitClass(0, 9), nextLength - 1, lastFull - 1)));
  }
  if (highText !== undefined && longest > lastExact)
    options.push(sameLength(`1${"0".repeat(longest - 1)}`, highText));
  return choice(...options);
}

/** Digit strings between two of the same length. */
function sameLength(low: string, high: string): Expression {
  if (low === "") return empty;
  const first = Number(low[0]);
  const last = Number(high[0]);
  const rest = low.length - 1;
  if (/^0*$/.test(low.slice(1)) && /^9*$/.test(high.slice(1))) {
    return sequence(digitClass(first, last), repeat(digitClass(0, 9), rest, rest));
  }
  if (first === last) return sequence(text(String(first)), sameLength(low.slice(1), high.slice(1)));
  return choice(
    sequence(text(String(first)), sameLength(low.slice(1), "9".repeat(rest))),
    sequence(digitClass(first + 1, last - 1), repeat(digitClass(0, 9), rest, rest)),
    sequence(text(String(last)), sameLength("0".repeat(rest), high.slice(1))),
  );
}
