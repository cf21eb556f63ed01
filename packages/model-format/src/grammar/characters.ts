/** Code points from the first to the last, both included. */
export type CharacterRange = readonly [first: number, last: number];

/** A set of characters: sorted ranges that neither touch nor overlap. */
export type CharacterSet = readonly CharacterRange[];

/** Every Unicode scalar value; surrogates are no characters. */
export const allCharacters: CharacterSet = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** Sorts and joins ranges, and cuts surrogates out. */
export function characterSet(ranges: readonly CharacterRange[]): CharacterSet {
  const joined: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((left, right) => left[0] - right[0])) {
    const previous = joined.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else if (first <= last) joined.push([first, last]);
  }
  return intersectCharacters(joined, allCharacters);
}

/** The set of the characters of a text. */
export function charactersOf(text: string): CharacterSet {
  return characterSet(
    Array.from(text, (character): CharacterRange => {
      const code = character.codePointAt(0) ?? 0;
      return [code, code];
    }),
  );
}

export function intersectCharacters(left: CharacterSet, right: CharacterSet): CharacterSet {
  const common: CharacterRange[] = [];
  let at = 0;
  for (const [first, last] of left) {
    while (at < right.length && (right[at]?.[1] ?? 0) < first) at += 1;
    for (let next = at; next < right.length; next += 1) {
      const range = right[next];
      if (range === undefined || range[0] > last) break;
      common.push([Math.max(first, range[0]), Math.min(last, range[1])]);
    }
  }
  return common;
}

export function invertCharacters(set: CharacterSet): CharacterSet {
  const rest: CharacterRange[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= 0x10ffff) rest.push([next, 0x10ffff]);
  return intersectCharacters(rest, allCharacters);
}

export function subtractCharacters(set: CharacterSet, minus: CharacterSet): CharacterSet {
  return intersectCharacters(set, invertCharacters(minus));
}

export function includesCharacter(set: CharacterSet, code: number): boolean {
  return set.some(([first, last]) => code >= first && code <= last);
}
