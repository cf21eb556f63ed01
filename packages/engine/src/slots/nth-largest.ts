/**
 * The value that `count - 1` others are not smaller than. Changes the order of `values`. Those that are no numbers
 * count as the smallest.
 */
export function nthLargest(values: Float32Array, count: number): number {
  for (let at = 0; at < values.length; at++)
    if (Number.isNaN(values[at])) values[at] = Number.NEGATIVE_INFINITY;
  let left = 0;
  let right = values.length - 1;
  const wanted = count - 1;
  // Hoare's selection: what is larger than the pivot goes to its left, and one side is looked at again.
  while (left < right) {
    const pivot = values[(left + right) >> 1] ?? 0;
    let low = left;
    let high = right;
    while (low <= high) {
      while ((values[low] ?? 0) > pivot) low++;
      while ((values[high] ?? 0) < pivot) high--;
      if (low > high) break;
      const held = values[low] ?? 0;
      values[low++] = values[high] ?? 0;
      values[high--] = held;
    }
    if (wanted <= high) right = high;
    else if (wanted >= low) left = low;
    else break;
  }
  return values[wanted] ?? Number.NEGATIVE_INFINITY;
}
