/**
 * Which texts are read together: as many as fit one decode, in order of length, so that short ones are not
 * held up by long ones.
 * @returns indexes of the texts, batch by batch
 */
export function packTexts(
  lengths: readonly number[],
  limit: { readonly tokens: number; readonly texts: number },
): readonly (readonly number[])[] {
  const order = lengths.map((_, index) => index).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
  const batches: number[][] = [];
  let tokens = 0;
  for (const index of order) {
    const length = lengths[index] ?? 0;
    const last = batches.at(-1);
    if (last === undefined || last.length >= limit.texts || tokens + length > limit.tokens) {
      batches.push([index]);
      tokens = length;
    } else {
      last.push(index);
      tokens += length;
    }
  }
  return batches;
}
