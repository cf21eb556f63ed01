const maxDistance = 2;

/** Known names, in their order, that a mistyped one may have meant: at most two letters away, or longer by an ending. */
export function suggestCommands(typed: string, names: readonly string[]): readonly string[] {
  const word = typed.toLowerCase();
  return names.filter((name) => name.startsWith(word) || distance(word, name) <= maxDistance);
}

/** Levenshtein's: single letters put in, taken out or changed. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
