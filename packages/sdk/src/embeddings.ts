/**
 * Cosine of the angle between two vectors: 1 = same direction, 0 = unrelated. 0 when one of them is all zeros.
 * @throws RangeError when their lengths differ
 */
export function cosineSimilarity(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length)
    throw new RangeError(`Vectors of ${a.length} and ${b.length} numbers cannot be compared`);
  let dot = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let at = 0; at < a.length; at++) {
    const x = a[at] ?? 0;
    const y = b[at] ?? 0;
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const lengths = Math.sqrt(squaresA * squaresB);
  return lengths === 0 ? 0 : dot / lengths;
}

/** The `count` vectors most similar to `query`, best first, by their place in `vectors`. */
export function findNearest(
  query: readonly number[],
  vectors: readonly (readonly number[])[],
  count: number,
): { readonly index: number; readonly similarity: number }[] {
  return vectors
    .map((vector, index) => ({ index, similarity: cosineSimilarity(query, vector) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count);
}
