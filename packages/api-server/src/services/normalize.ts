import { badRequest } from "../errors.ts";

/** The vector at length 1, as 32-bit floats. @throws ApiError `BAD_REQUEST` for what is no number */
export function normalize(vector: ArrayLike<number>): readonly number[] {
  const values = Array.from(vector);
  if (!values.every(Number.isFinite)) throw badRequest("embedding contains NaN or Inf values");
  const length = Math.hypot(...values);
  return length === 0 ? values : values.map((value) => shortestFloat32(value / length));
}

/** The number with the fewest digits that is the same 32-bit float: what other servers print. */
function shortestFloat32(value: number): number {
  const single = Math.fround(value);
  for (let digits = 7; digits < 9; digits++) {
    const shorter = Number(single.toPrecision(digits));
    if (Math.fround(shorter) === single) return shorter;
  }
  return Number(single.toPrecision(9));
}
