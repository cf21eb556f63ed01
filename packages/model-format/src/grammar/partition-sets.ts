import { type CharacterRange, type CharacterSet, characterSet } from "./characters.ts";

/** Guards memory: combinations of sets that are remembered for one of them. */
const maxKnownParts = 64;

/** Cuts overlapping sets into disjoint ones, each with the values of all sets that it lies in. */
export function partition<V>(
  items: readonly { readonly set: CharacterSet; readonly value: V }[],
): readonly { readonly set: CharacterSet; readonly values: readonly V[] }[] {
  return partitionSets(items.map(({ set }) => set)).map(({ set, members }) => ({
    set,
    values: members.flatMap((member) => {
      const item = items[member];
      return item === undefined ? [] : [item.value];
    }),
  }));
}

type Parts = readonly { readonly set: CharacterSet; readonly members: readonly number[] }[];

// Automata meet the same few sets in every state, and a set such as `\\p{L}` has hundreds of ranges.
const knownParts = new WeakMap<
  CharacterSet,
  { readonly rest: readonly CharacterSet[]; readonly parts: Parts }[]
>();

function partitionSets(sets: readonly CharacterSet[]): Parts {
  const [first, ...rest] = sets;
  if (first === undefined) return [];
  if (rest.length === 0) return [{ set: first, members: [0] }];
  const known = knownParts.get(first) ?? [];
  knownParts.set(first, known);
  const found = known.find(
    (entry) => entry.rest.length === rest.length && entry.rest.every((set, at) => set === rest[at]),
  );
  if (found !== undefined) return found.parts;
  const parts = computeParts(sets);
  if (known.length < maxKnownParts) known.push({ rest, parts });
  return parts;
}

function computeParts(sets: readonly CharacterSet[]): Parts {
  const events = sets.flatMap((set, index) =>
    set.flatMap(([first, last]) => [
      { at: first, index, isStart: true },
      { at: last + 1, index, isStart: false },
    ]),
  );
  events.sort((left, right) => left.at - right.at);
  const groups = new Map<
    string,
    { readonly members: readonly number[]; readonly ranges: CharacterRange[] }
  >();
  const active = new Set<number>();
  for (const [position, { at, index, isStart }] of events.entries()) {
    if (isStart) active.add(index);
    else active.delete(index);
    const until = (events[position + 1]?.at ?? at) - 1;
    if (active.size === 0 || until < at) continue;
    const members = [...active].sort((left, right) => left - right);
    const key = members.join();
    const group = groups.get(key) ?? { members, ranges: [] };
    group.ranges.push([at, until]);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ members, ranges }) => {
    const set = characterSet(ranges);
    // The very set where it came out whole, so that it is recognised again.
    return { set: sets.find((other) => isSameSet(other, set)) ?? set, members };
  });
}

function isSameSet(left: CharacterSet, right: CharacterSet): boolean {
  return (
    left.length === right.length &&
    left.every(([first, last], at) => first === right[at]?.[0] && last === right[at]?.[1])
  );
}
