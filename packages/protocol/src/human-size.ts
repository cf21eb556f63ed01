const decimalUnits = ["KB", "MB", "GB", "TB"] as const;
const binaryUnits = ["KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes in powers of 1000, as lists and progress bars show them: `815 MB`, `1.3 GB`, `512 B`. */
export function printBytes(sizeBytes: number): string {
  const { value, unit } = scale(sizeBytes, 1000, decimalUnits);
  if (unit === undefined) return `${Math.trunc(sizeBytes)} B`;
  return `${value >= 10 || Number.isInteger(value) ? Math.trunc(value) : toDecimals(value, 1)} ${unit}`;
}

/** Bytes in powers of 1024, as memory is given: `1.5 GiB`, `512 B`. */
export function printBinaryBytes(sizeBytes: number): string {
  const { value, unit } = scale(sizeBytes, 1024, binaryUnits);
  return unit === undefined ? `${Math.trunc(sizeBytes)} B` : `${toDecimals(value, 1)} ${unit}`;
}

/** A count such as a model's parameters: `1.8B`, `268.10M`, `646K`, `76`. */
export function printCount(count: number): string {
  if (count >= 1e9) return `${toDecimals(count / 1e9, Number.isInteger(count / 1e9) ? 0 : 1)}B`;
  if (count >= 1e6) return `${toDecimals(count / 1e6, Number.isInteger(count / 1e6) ? 0 : 2)}M`;
  return count >= 1e3 ? `${toDecimals(count / 1e3, 0)}K` : String(count);
}

function scale(sizeBytes: number, base: number, units: readonly string[]): { value: number; unit?: string } {
  for (let power = units.length; power > 0; power--) {
    const unit = units[power - 1];
    if (sizeBytes >= base ** power && unit !== undefined) return { value: sizeBytes / base ** power, unit };
  }
  return { value: sizeBytes };
}

/** As Go rounds: what lies exactly between two goes to the even one, where `toFixed` always goes up. */
function toDecimals(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  // Halves of a last digit need one digit more, and all that such numbers have behind it are zeros.
  const exact = value.toFixed(digits + 25);
  const isHalf = exact.at(-25) === "5" && /^0*$/.test(exact.slice(-24));
  return isHalf && Number(rounded.at(-1)) % 2 === 1 ? exact.slice(0, -25).replace(/\.$/, "") : rounded;
}
