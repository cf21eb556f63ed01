import { unescapeGo } from "./unquote.ts";

export type NumberConstant = bigint | number | { readonly imaginary: number };

/**
 * The value of a number or character constant: an int where it is written as one, else a float64, else complex.
 * @returns undefined when it is not a number of Go
 */
export function parseNumber(text: string): NumberConstant | undefined {
  if (text.startsWith("'")) {
    const character = unescapeGo(text.slice(1, -1), "'");
    return character !== undefined && [...character].length === 1 ? BigInt(character.codePointAt(0) ?? 0) : undefined;
  }
  if (text.endsWith("i")) {
    const imaginary = parseNumber(text.slice(0, -1));
    return imaginary === undefined || typeof imaginary === "object" ? undefined : { imaginary: Number(imaginary) };
  }
  if (/__|^[+-]?_|_$|_\.|\._/.test(text)) return undefined;
  const sign = text.startsWith("-") ? -1n : 1n;
  const digits = text.replace(/^[+-]/, "").replaceAll("_", "");
  const whole = wholeNumber(digits);
  if (whole !== undefined) return sign * whole;
  const float = /^0[xX]/.test(digits) ? hexFloat(digits) : decimalFloat(digits);
  return float === undefined ? undefined : Number(sign) * float;
}

function wholeNumber(digits: string): bigint | undefined {
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  if (/^(?:[0-9]+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(digits)) {
    return /^0[0-9]+$/.test(digits) ? undefined : BigInt(digits);
  }
  return undefined;
}

function decimalFloat(digits: string): number | undefined {
  return /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(digits) ? Number(digits) : undefined;
}

function hexFloat(digits: string): number | undefined {
  const match = /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/.exec(digits);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  if (whole + fraction === "") return undefined;
  return Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
}
