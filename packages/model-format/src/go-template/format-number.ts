/** Go decides between plain digits and an exponent as if the shortest form had this precision. */
const shortestExponent = 6;

/** Go's `%g` with the shortest digits that read back as the same number: `1000`, `1e+06`, `1e-05`. */
export function formatShortest(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = "0"] = Math.abs(value).toExponential().split("e");
  const sign = value < 0 ? "-" : "";
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= shortestExponent) return `${sign}${mantissa}e${signedExponent(exponent)}`;
  return sign + plainDigits(mantissa.replace(".", ""), exponent);
}

/** `%e`, `%f`, `%g` with a precision. */
export function formatFloat(value: number, verb: string, precision: number | undefined): string {
  if (!Number.isFinite(value)) return formatShortest(value);
  const lower = verb.toLowerCase();
  let text: string;
  if (lower === "f") text = value.toFixed(Math.min(100, precision ?? 6));
  else if (lower === "e") text = goExponent(value.toExponential(Math.min(100, precision ?? 6)));
  else if (precision === undefined) text = formatShortest(value);
  else text = general(value, Math.max(1, Math.min(100, precision)));
  if (Object.is(value, -0) && !text.startsWith("-")) text = `-${text}`;
  return verb === lower ? text : text.toUpperCase();
}

function general(value: number, precision: number): string {
  const [mantissa = "", exponentText = "0"] = value.toExponential(precision - 1).split("e");
  const exponent = Number(exponentText);
  const digits = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  if (exponent < -4 || exponent >= precision) return `${digits}e${signedExponent(exponent)}`;
  const sign = digits.startsWith("-") ? "-" : "";
  return sign + plainDigits(digits.replace(/[-.]/g, ""), exponent);
}

function plainDigits(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function goExponent(text: string): string {
  const [mantissa = "", exponent = "0"] = text.split("e");
  return `${mantissa}e${signedExponent(Number(exponent))}`;
}

function signedExponent(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
