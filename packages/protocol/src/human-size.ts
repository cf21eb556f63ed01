const decimalUnits = ["KB", "MB", "GB", "TB"] as const;
const binaryUnits = ["KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes in powers of 1000, as lists and progress bars show them: `815 MB`, `1.3 GB`, `512 B`. */
export function printBytes(sizeBytes: number): string {
  const { value, unit } = scale(sizeBytes, 1000, decimalUnits);
  if (unit === undefined) return `${Math.trunc(sizeBytes)} B`;
  return `${value >= 10 || Number.isInteger(value) ? Math.trunc(value) : value.toFixed(1)} ${unit}`;
}

/** Bytes in powers of 1024, as memory is given: `1.5 GiB`, `512 B`. */
export function printBinaryBytes(sizeBytes: number): string {
  const { value, unit } = scale(sizeBytes, 1024, binaryUnits);
  return unit === undefined ? `${Math.trunc(sizeBytes)} B` : `${value.toFixed(1)} ${unit}`;
}

/** A count such as a model's parameters: `1.8B`, `268.10M`, `646K`, `76`. */
export function printCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(Number.isInteger(count / 1e9) ? 0 : 1)}B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(Number.isInteger(count / 1e6) ? 0 : 2)}M`;
  return count >= 1e3 ? `${(count / 1e3).toFixed(0)}K` : String(count);
}

function scale(sizeBytes: number, base: number, units: readonly string[]): { value: number; unit?: string } {
  for (let power = units.length; power > 0; power--) {
    const unit = units[power - 1];
    if (sizeBytes >= base ** power && unit !== undefined) return { value: sizeBytes / base ** power, unit };
  }
  return { value: sizeBytes };
}
