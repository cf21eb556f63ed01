/**
 * The double with the fewest digits that still rounds to the same 32-bit float: 0.00001 for the float
 * 9.999999747378752e-6. Programs that keep floats in 32 bits print them so, and clients compare the text.
 */
export function shortestFloat32(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  for (let digits = 1; digits < 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}
