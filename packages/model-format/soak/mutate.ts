export type Random = () => number;

/** A number below `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function pick<TItem>(random: Random, items: readonly TItem[]): TItem {
  const item = items[below(random, items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** Longest text a mutation makes: enough for quadratic behaviour to show. */
const maxLength = 100_000;

/**
 * Changes a text in a few places: parts are cut, doubled, moved, repeated many times, taken from another text,
 * or replaced by words of the format.
 */
export function mutateText(random: Random, corpus: readonly string[], words: readonly string[]): string {
  let text = pick(random, corpus);
  for (let change = random() < 0.5 ? 0 : below(random, 6); change >= 0; change--) {
    const at = below(random, text.length + 1);
    const end = Math.min(text.length, at + below(random, random() < 0.8 ? 20 : text.length + 1));
    text = text.slice(0, at) + replacement(random, text, { at, end, corpus, words }) + text.slice(end);
    if (text.length > maxLength) text = text.slice(0, maxLength);
  }
  return text;
}

interface Place {
  readonly at: number;
  readonly end: number;
  readonly corpus: readonly string[];
  readonly words: readonly string[];
}

function replacement(random: Random, text: string, { at, end, corpus, words }: Place): string {
  const part = text.slice(at, end);
  switch (below(random, 9)) {
    case 0:
      return "";
    case 1:
      return part + part;
    case 2:
      return part.repeat(1 + below(random, 200));
    case 3:
      return pick(random, words) + part;
    case 4:
      return pick(random, words).repeat(1 + below(random, random() < 0.9 ? 20 : 20_000));
    case 5:
      return String.fromCharCode(below(random, random() < 0.7 ? 128 : 0x10000)) + part.slice(1);
    case 6: {
      const other = pick(random, corpus);
      const from = below(random, other.length + 1);
      return other.slice(from, from + below(random, 200));
    }
    case 7:
      return pick(random, words) + part + pick(random, words);
    default:
      return [...part].reverse().join("");
  }
}

/** Changes bytes: single ones, whole numbers to their extremes, parts cut, doubled and moved. */
export function mutateBytes(random: Random, original: Uint8Array): Uint8Array {
  let bytes = original.slice();
  for (let change = below(random, 8); change >= 0 && bytes.length > 0; change--) {
    const at = random() < 0.8 ? below(random, Math.min(bytes.length, 4096)) : below(random, bytes.length);
    const kind = below(random, 5);
    if (kind === 0) bytes[at] = below(random, 256);
    else if (kind === 1) bytes.fill(pick(random, [0, 0xff, 0x7f, 0x80]), at, at + pick(random, [1, 2, 4, 8]));
    else if (kind === 2) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
    else if (kind === 3) bytes = bytes.slice(0, at);
    else {
      const from = below(random, bytes.length);
      bytes.copyWithin(at, from, from + below(random, 64));
    }
  }
  return bytes;
}

/** Cuts into pieces at random places; concatenated they are the whole. */
export function cut<TWhole extends { readonly length: number; slice(from: number, to: number): TWhole }>(
  random: Random,
  whole: TWhole,
): TWhole[] {
  const longest = pick(random, [1, 3, 20, 1000]);
  const pieces: TWhole[] = [];
  for (let at = 0; at < whole.length; ) {
    // A long text in single characters would only take time.
    const step = Math.max(1 + below(random, longest), Math.floor(whole.length / 5000));
    pieces.push(whole.slice(at, at + step));
    at += step;
  }
  return pieces;
}
