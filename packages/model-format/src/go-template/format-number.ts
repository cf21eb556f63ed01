/** Go's strconv.FormatFloat. */

/** Go decides between plain digits and an exponent as if the shortest form had this precision. */
const shortestExponent = 6;

/** Decimal digits of a positive number: 0.d1d2d3… × 10^point, without zeros at the end. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/** Go's `%v` of a float64, the shortest digits that read back as the same number: `1000`, `1e+06`, `1e-05`. */
export function formatShortest(value: number): string {
  return formatFloat(value, "g", undefined);
}

/**
 * @param verb  `e`, `E`, `f`, `g`, `G`, `b`, `x` or `X`
 * @param precision  digits behind the point, significant ones for `g`; undefined for the shortest form
 */
export function formatFloat(value: number, verb: string, precision: number | undefined): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return sign === "" ? "+Inf" : "-Inf";
  return sign + formatPositive(size, verb, precision);
}

function formatPositive(value: number, verb: string, precision: number | undefined): string {
  switch (verb) {
    case "e":
    case "E":
      return exponential(
        decimal(value, precision === undefined ? undefined : precision + 1),
        precision,
        verb,
      );
    case "f":
      return plain(decimal(value, precision, true), precision);
    case "g":
    case "G":
      return general(value, verb === "g" ? "e" : "E", precision);
    case "b":
      return binaryExponent(value);
    default:
      return hexadecimal(value, verb, precision);
  }
}

function general(value: number, exponentMark: string, precision: number | undefined): string {
  const significant = precision === undefined ? undefined : Math.max(1, precision);
  const digits = decimal(value, significant);
  const exponent = digits.digits === "" ? 0 : digits.point - 1;
  if (exponent < -4 || exponent >= (significant ?? shortestExponent)) {
    return exponential(digits, undefined, exponentMark);
  }
  return plain(digits, undefined);
}

function exponential({ digits, point }: Decimal, precision: number | undefined, mark: string): string {
  const shown = precision ?? Math.max(0, digits.length - 1);
  const fraction = digits.slice(1).padEnd(shown, "0");
  const exponent = digits === "" ? 0 : point - 1;
  return `${digits.charAt(0) || "0"}${fraction === "" ? "" : `.${fraction}`}${mark}${signedExponent(exponent)}`;
}

function plain({ digits, point }: Decimal, precision: number | undefined): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const given = point > 0 ? digits.slice(point) : digits === "" ? "" : "0".repeat(-point) + digits;
  const fraction = precision === undefined ? given : given.slice(0, precision).padEnd(precision, "0");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function signedExponent(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/**
 * Digits of a number, rounded half to even.
 * @param count  how many; undefined for the shortest that read back
 * @param behindPoint  `count` counts behind the decimal point instead of from the first digit
 */
function decimal(value: number, count: number | undefined, behindPoint = false): Decimal {
  if (value === 0) return { digits: "", point: 0 };
  if (count === undefined) {
    const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
    return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
  }
  const exact = exactDecimal(value);
  return round(exact, behindPoint ? exact.point + count : count);
}

/** Every digit of a double; there are at most 767 of them. */
function exactDecimal(value: number): Decimal {
  const { mantissa, exponent } = parts(value);
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const text = scaled.toString();
  return { digits: text.replace(/0+$/, ""), point: text.length + Math.min(0, exponent) };
}

function round({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: "", point: 0 };
  const kept = digits.slice(0, count);
  const rest = digits.slice(count);
  const isHalf = rest === "5";
  const isOdd = Number(kept.slice(-1)) % 2 === 1;
  const up = isHalf ? isOdd : rest >= "5";
  if (!up) {
    const trimmed = kept.replace(/0+$/, "");
    return { digits: trimmed, point: trimmed === "" ? 0 : point };
  }
  const raised = (BigInt(`0${kept}`) + 1n).toString().padStart(count, "0");
  return { digits: raised.replace(/0+$/, ""), point: point + raised.length - count };
}

/** A positive double as mantissa × 2^exponent, the mantissa of 53 bits where it is normal. */
function parts(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  if (biased === 0) return { mantissa: fraction, exponent: -1074 };
  return { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 };
}

/** `%b`: the mantissa as it is, and the exponent of two. */
function binaryExponent(value: number): string {
  const { mantissa, exponent } = parts(value);
  return `${mantissa}p${exponent >= 0 ? "+" : ""}${exponent}`;
}

/** `%x`: `0x1.8p+01`. */
function hexadecimal(value: number, verb: string, precision: number | undefined): string {
  let { mantissa, exponent } = parts(value);
  if (mantissa !== 0n) {
    while (mantissa < 1n << 60n) {
      mantissa <<= 1n;
      exponent--;
    }
    exponent += 60;
  } else exponent = 0;
  if (precision !== undefined && precision < 15) {
    const shift = BigInt(60 - precision * 4);
    const rest = mantissa & ((1n << shift) - 1n);
    const half = 1n << (shift - 1n);
    mantissa >>= shift;
    if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa++;
    mantissa <<= shift;
    if (mantissa >= 1n << 61n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const all = (mantissa & ((1n << 60n) - 1n)).toString(16).padStart(15, "0");
  const fraction =
    precision === undefined ? all.replace(/0+$/, "") : all.slice(0, precision).padEnd(precision, "0");
  const text = `0x${mantissa >> 60n}${fraction === "" ? "" : `.${fraction}`}p${signedExponent(exponent)}`;
  return verb === "X" ? text.toUpperCase() : text;
}
