import { quote } from "./quote.ts";
import { unescapeGo } from "./unquote.ts";
import { GoComplex, GoFloat, type GoValue } from "./values.ts";

/** Why a constant is none, in Go's words. */
export class NumberFailure extends Error {}

const maxUint64 = 2n ** 64n;
const maxInt64 = 2n ** 63n;

/**
 * The value of a number or character constant: an int where it is written as one, else a float64, else complex.
 * @returns undefined for a whole number that fits a uint64 but no int
 * @throws NumberFailure
 */
export function parseNumber(text: string): GoValue | undefined {
  if (text.startsWith("'")) return parseCharacter(text);
  const complex = pair.exec(text);
  if (complex !== null) return new GoComplex(complexPart(complex[1]), complexPart(complex[2]));
  if (text.endsWith("i")) {
    const imaginary = parseFloat64(text.slice(0, -1));
    if (imaginary !== undefined) return new GoComplex(0, imaginary);
  }
  const whole = parseWhole(text);
  const isUnsigned = whole !== undefined && whole < maxUint64 && !/^[+-]/.test(text);
  if (whole !== undefined && whole >= -maxInt64 && whole < maxInt64) {
    // Behind a sign Go takes the digit `e` of a hexadecimal number for an exponent.
    return /^[+-]0[xX].*[eE]/.test(text) ? new GoFloat(Number(whole)) : toInt(whole);
  }
  if (isUnsigned) return undefined;
  const float = parseFloat64(text);
  if (float === undefined) throw new NumberFailure(`illegal number syntax: ${quote(text)}`);
  if (!/[.eEpP]/.test(text)) throw new NumberFailure(`integer overflow: ${quote(text)}`);
  return new GoFloat(float);
}

function toInt(whole: bigint): GoValue {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}

const escapeSequence = /^\\(?:x.{2}|u.{4}|U.{8}|[0-7]{3}|.)/su;

function parseCharacter(text: string): GoValue {
  const inside = text.slice(1);
  const first = escapeSequence.exec(inside)?.[0] ?? String.fromCodePoint(inside.codePointAt(0) ?? 0);
  const character = unescapeGo(first, "'", true);
  if (character === undefined) throw new NumberFailure("invalid syntax");
  if (inside.slice(first.length) !== "'") throw new NumberFailure(`malformed character constant: ${text}`);
  return character.codePointAt(0) ?? 0;
}

/** `1+2i`; the first part takes all it can before the second one is looked for. */
const pair =
  /^(?=([+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?))\1([+-].*)i$/;

function complexPart(text = ""): number {
  const value = parseFloat64(text);
  if (value === undefined)
    throw new NumberFailure(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`);
  return value;
}

/** Go's strconv.ParseInt with base 0: prefixes, an octal `0`, and underscores between digits. */
function parseWhole(text: string): bigint | undefined {
  const match =
    /^([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, sign = "", body = ""] = match;
  const digits = body.replaceAll("_", "");
  const size = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  return sign === "-" ? -size : size;
}

/** Go's strconv.ParseFloat, with underscores between digits. @returns undefined also beyond its range */
function parseFloat64(text: string): number | undefined {
  const body = text.replace(/^[+-]/, "");
  if (/^_|__|_$|_[^0-9a-fA-F]|[^0-9a-fA-FxX]_/.test(body)) return undefined;
  const digits = body.replaceAll("_", "");
  const size = /^0[xX]/.test(digits) ? hexFloat(digits) : decimalFloat(digits);
  if (size === undefined || !Number.isFinite(size)) return undefined;
  return text.startsWith("-") ? -size : size;
}

function decimalFloat(digits: string): number | undefined {
  return /^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(digits) ? Number(digits) : undefined;
}

function hexFloat(digits: string): number | undefined {
  const match = /^0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/.exec(digits);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  if (whole + fraction === "") return undefined;
  return scale(BigInt(`0x${whole}${fraction}`), Number(exponent) - 4 * fraction.length);
}

/** mantissa × 2^exponent, rounded once. */
function scale(mantissa: bigint, exponent: number): number {
  const bits = mantissa.toString(2).length;
  if (mantissa === 0n || bits + exponent < -1100) return 0;
  if (bits + exponent > 1100) return Number.POSITIVE_INFINITY;
  if (exponent >= 0) return Number(mantissa << BigInt(exponent));
  const isNormal = bits + exponent > -1022;
  if (bits <= 53 && isNormal)
    return Number(mantissa) * 2 ** Math.max(exponent, -1000) * 2 ** Math.min(0, exponent + 1000);
  // Keeps 53 bits, or fewer for numbers that are nearly zero, and rounds half to even.
  const kept = isNormal ? 53 : Math.max(0, bits + exponent + 1074);
  const shift = BigInt(Math.max(0, bits - kept));
  const rest = mantissa & ((1n << shift) - 1n);
  const half = shift === 0n ? 0n : 1n << (shift - 1n);
  let head = mantissa >> shift;
  if (shift > 0n && (rest > half || (rest === half && head % 2n === 1n))) head++;
  const power = exponent + Number(shift);
  return Number(head) * 2 ** Math.max(power, -1000) * 2 ** Math.min(0, power + 1000);
}
