import { GrammarError } from "../errors.ts";
import {
  allCharacters,
  type CharacterSet,
  characterSet,
  includesCharacter,
  invertCharacters,
} from "./characters.ts";
import type { Expression } from "./expression.ts";
import { partition } from "./partition-sets.ts";

/** A deterministic automaton over characters; state 0 is the first. What no edge takes is refused. */
export interface Automaton {
  readonly states: readonly AutomatonState[];
}

interface AutomatonState {
  readonly accepts: boolean;
  readonly edges: readonly { readonly set: CharacterSet; readonly to: number }[];
}

/** Guards time and memory: patterns can need exponentially many states. */
const maxStates = 4000;
const maxNondeterministicStates = 40_000;
/** Joining equal states takes time that grows with the square of their count. */
const maxStatesToJoin = 256;

/** The automaton of an expression without rules. @throws GrammarError `GRAMMAR_LIMIT` */
export function automatonOf(expression: Expression): Automaton {
  const builder = new NondeterministicBuilder();
  const end = builder.state();
  const start = builder.add(expression, end);
  return minimize(determinize(builder, start, end));
}

/** The automaton of exactly these texts. */
export function automatonOfTexts(texts: readonly string[]): Automaton {
  return automatonOf({ kind: "choice", options: texts.map((value) => ({ kind: "text", text: value })) });
}

export function complement(automaton: Automaton): Automaton {
  const { states } = complete(automaton);
  return minimize({ states: states.map(({ accepts, edges }) => ({ accepts: !accepts, edges })) });
}

export function intersect(left: Automaton, right: Automaton): Automaton {
  return product(left, right, (one, other) => one && other);
}

export function union(left: Automaton, right: Automaton): Automaton {
  return product(complete(left), complete(right), (one, other) => one || other);
}

export function subtract(left: Automaton, right: Automaton): Automaton {
  return product(left, complete(right), (one, other) => one && !other);
}

export function automatonMatches(automaton: Automaton, text: string): boolean {
  let state = automaton.states[0];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const edge = state?.edges.find(({ set }) => includesCharacter(set, code));
    state = edge === undefined ? undefined : automaton.states[edge.to];
  }
  return state?.accepts ?? false;
}

export function isEmptyAutomaton({ states }: Automaton): boolean {
  return states.every(({ accepts }) => !accepts);
}

interface NondeterministicEdge {
  /** Undefined: without a character. */
  readonly set: CharacterSet | undefined;
  readonly to: number;
}

class NondeterministicBuilder {
  readonly edges: NondeterministicEdge[][] = [];

  state(): number {
    if (this.edges.length >= maxNondeterministicStates) tooLarge();
    return this.edges.push([]) - 1;
  }

  /** Builds the expression in front of a state; returns where it begins. */
  add(expression: Expression, to: number): number {
    switch (expression.kind) {
      case "text":
        return Array.from(expression.text)
          .reverse()
          .reduce((next, character) => {
            const code = character.codePointAt(0) ?? 0;
            return this.#edge(characterSet([[code, code]]), next);
          }, to);
      case "characters":
        return this.#edge(expression.set, to);
      case "sequence":
        return expression.items.toReversed().reduce((next, item) => this.add(item, next), to);
      case "choice": {
        const from = this.state();
        for (const option of expression.options) this.#link(from, this.add(option, to));
        return from;
      }
      case "repeat":
        return this.#repeat(expression, to);
      case "rule":
        throw new GrammarError("GRAMMAR_INVALID", `The rule ${expression.name} cannot be part of a pattern`);
    }
  }

  #repeat({ item, min, max }: Extract<Expression, { readonly kind: "repeat" }>, to: number): number {
    let next = to;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.state();
      this.#link(loop, to);
      this.#link(loop, this.add(item, loop));
      next = loop;
    } else {
      for (let count = min; count < max; count += 1) {
        const from = this.add(item, next);
        const skip = this.state();
        this.#link(skip, from);
        this.#link(skip, to);
        next = skip;
      }
    }
    for (let count = 0; count < min; count += 1) next = this.add(item, next);
    return next;
  }

  #edge(set: CharacterSet, to: number): number {
    const from = this.state();
    this.edges[from]?.push({ set, to });
    return from;
  }

  #link(from: number, to: number): void {
    this.edges[from]?.push({ set: undefined, to });
  }
}

function determinize({ edges }: NondeterministicBuilder, start: number, end: number): Automaton {
  const closure = (members: readonly number[]): readonly number[] => {
    const seen = new Set(members);
    const waiting = [...members];
    for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
      for (const { set, to } of edges[state] ?? []) {
        if (set !== undefined || seen.has(to)) continue;
        seen.add(to);
        waiting.push(to);
      }
    }
    return [...seen].sort((left, right) => left - right);
  };
  return explore(closure([start]), {
    key: (members) => members.join(),
    accepts: (members) => members.includes(end),
    edges: (members) => {
      const leaving = members.flatMap((member) => edges[member] ?? []).filter(({ set }) => set !== undefined);
      return partition(leaving.map(({ set, to }) => ({ set: set ?? [], value: to }))).map(
        ({ set, values }) => ({
          set,
          to: closure([...new Set(values)]),
        }),
      );
    },
  });
}

function product(
  left: Automaton,
  right: Automaton,
  accepts: (one: boolean, other: boolean) => boolean,
): Automaton {
  const joined = explore<readonly [number, number]>([0, 0], {
    key: (pair) => pair.join(),
    accepts: ([one, other]) =>
      accepts(left.states[one]?.accepts ?? false, right.states[other]?.accepts ?? false),
    edges: ([one, other]) => {
      const marked = [
        ...(left.states[one]?.edges ?? []).map(({ set, to }) => ({ set, value: { side: 0, to } })),
        ...(right.states[other]?.edges ?? []).map(({ set, to }) => ({ set, value: { side: 1, to } })),
      ];
      return partition(marked).flatMap(({ set, values }) => {
        const first = values.find(({ side }) => side === 0);
        const second = values.find(({ side }) => side === 1);
        return first === undefined || second === undefined
          ? []
          : [{ set, to: [first.to, second.to] as const }];
      });
    },
  });
  return minimize(joined);
}

/** Walks from a first state over all that it leads to, and numbers them. */
function explore<T>(
  first: T,
  step: {
    readonly key: (state: T) => string;
    readonly accepts: (state: T) => boolean;
    readonly edges: (state: T) => readonly { readonly set: CharacterSet; readonly to: T }[];
  },
): Automaton {
  const numbers = new Map<string, number>([[step.key(first), 0]]);
  const found = [first];
  const states: AutomatonState[] = [];
  for (let index = 0; index < found.length; index += 1) {
    // In range: found only grows.
    const state = found[index] as T;
    const edges = step.edges(state).map(({ set, to }) => {
      const key = step.key(to);
      let number = numbers.get(key);
      if (number === undefined) {
        number = found.push(to) - 1;
        numbers.set(key, number);
        if (number > maxStates) tooLarge();
      }
      return { set, to: number };
    });
    states.push({ accepts: step.accepts(state), edges });
  }
  return { states };
}

/** Adds the state that refuses for ever, so that every state takes every character. */
function complete({ states }: Automaton): Automaton {
  const sink = states.length;
  const filled = states.map(({ accepts, edges }) => {
    const rest = restOf(edges.map(({ set }) => set));
    return { accepts, edges: rest.length === 0 ? edges : [...edges, { set: rest, to: sink }] };
  });
  return { states: [...filled, { accepts: false, edges: [{ set: allCharacters, to: sink }] }] };
}

const knownRests = new WeakMap<CharacterSet, CharacterSet>();

function restOf(sets: readonly CharacterSet[]): CharacterSet {
  const [only] = sets;
  const known = sets.length === 1 && only !== undefined ? knownRests.get(only) : undefined;
  if (known !== undefined) return known;
  const rest = invertCharacters(characterSet(sets.flat()));
  if (sets.length === 1 && only !== undefined) knownRests.set(only, rest);
  return rest;
}

/** Joins states that no text tells apart, and drops those from which nothing is accepted. */
function minimize({ states }: Automaton): Automaton {
  const alive = findAlive(states);
  if (!alive.has(0)) return { states: [{ accepts: false, edges: [] }] };
  if (states.length > maxStatesToJoin) {
    return renumber(
      states,
      states.map((_, index) => (alive.has(index) ? index + 1 : 0)),
    );
  }
  let classes: readonly number[] = states.map(({ accepts }, index) =>
    alive.has(index) ? (accepts ? 1 : 2) : 0,
  );
  for (let count = new Set(classes).size; ; ) {
    const signatures = new Map<string, number>();
    const next = states.map((state, index) => {
      if (!alive.has(index)) return 0;
      const key = `${classes[index]}:${JSON.stringify(mergeEdges(state, classes))}`;
      const found = signatures.get(key) ?? signatures.size + 1;
      signatures.set(key, found);
      return found;
    });
    classes = next;
    if (signatures.size + (alive.size < states.length ? 1 : 0) === count) break;
    count = signatures.size + (alive.size < states.length ? 1 : 0);
  }
  return renumber(states, classes);
}

function findAlive(states: readonly AutomatonState[]): ReadonlySet<number> {
  const sources = new Map<number, number[]>();
  for (const [from, { edges }] of states.entries()) {
    for (const { to } of edges) {
      const known = sources.get(to);
      if (known === undefined) sources.set(to, [from]);
      else known.push(from);
    }
  }
  const alive = new Set(states.flatMap(({ accepts }, index) => (accepts ? [index] : [])));
  for (const state of alive) for (const source of sources.get(state) ?? []) alive.add(source);
  return alive;
}

/** Edges by the class they lead to, in a fixed order; class 0 is where nothing is accepted. */
function mergeEdges(
  { edges }: AutomatonState,
  classes: readonly number[],
): readonly { readonly set: CharacterSet; readonly to: number }[] {
  const byClass = new Map<number, CharacterSet[]>();
  for (const { set, to } of edges) {
    const target = classes[to] ?? 0;
    if (target !== 0) byClass.set(target, [...(byClass.get(target) ?? []), set]);
  }
  return [...byClass]
    .map(([to, sets]) => ({
      set: sets.length === 1 && sets[0] !== undefined ? sets[0] : characterSet(sets.flat()),
      to,
    }))
    .sort((left, right) => left.to - right.to);
}

function renumber(states: readonly AutomatonState[], classes: readonly number[]): Automaton {
  const representative = new Map<number, number>();
  for (const [index, number] of classes.entries()) {
    if (number !== 0 && !representative.has(number)) representative.set(number, index);
  }
  return explore(classes[0] ?? 0, {
    key: String,
    accepts: (number) => states[representative.get(number) ?? 0]?.accepts ?? false,
    edges: (number) => {
      const state = states[representative.get(number) ?? 0];
      return state === undefined ? [] : mergeEdges(state, classes);
    },
  });
}

function tooLarge(): never {
  throw new GrammarError(
    "GRAMMAR_LIMIT",
    "A combination of patterns and lengths needs too many states; simplify it",
  );
}
