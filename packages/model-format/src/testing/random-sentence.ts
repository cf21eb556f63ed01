import type { CharacterSet } from "../grammar/characters.ts";
import type { Expression, Rules } from "../grammar/expression.ts";
import { parseGbnf } from "./parse-gbnf.ts";

/** Past this depth only the shortest way out is taken. */
const maxDepth = 12;

/**
 * Makes sentences of a GBNF grammar, for tests that check what a grammar lets through.
 * @param random numbers in [0, 1), for example of `seededRandom`
 */
export function gbnfSentences(source: string, random: () => number): () => string {
  const rules = parseGbnf(source);
  const depths = findDepths(rules);
  const depthOf = (expression: Expression): number => expressionDepth(expression, depths);

  const write = (expression: Expression, depth: number): string => {
    switch (expression.kind) {
      case "text":
        return expression.text;
      case "characters":
        return pickCharacter(expression.set, random);
      case "sequence":
        return expression.items.map((item) => write(item, depth)).join("");
      case "choice": {
        const least = Math.min(...expression.options.map(depthOf));
        const open = expression.options.filter((option) => depth < maxDepth || depthOf(option) === least);
        const picked = open[Math.floor(random() * open.length)];
        return picked === undefined ? "" : write(picked, depth);
      }
      case "repeat": {
        const { item, min, max } = expression;
        const spare = depth >= maxDepth ? 0 : Math.floor(random() * (Math.min(max - min, 4) + 1));
        return Array.from({ length: min + spare }, () => write(item, depth)).join("");
      }
      case "rule":
        return write(rules.get(expression.name) ?? { kind: "sequence", items: [] }, depth + 1);
    }
  };
  return () => write({ kind: "rule", name: "root" }, 0);
}

/** Rules to go through, at least, before each rule is written out. */
function findDepths(rules: Rules): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, body] of rules) {
      const depth = 1 + expressionDepth(body, depths);
      if (depth < (depths.get(name) ?? Number.POSITIVE_INFINITY)) {
        depths.set(name, depth);
        changed = true;
      }
    }
  }
  return depths;
}

function expressionDepth(expression: Expression, depths: ReadonlyMap<string, number>): number {
  switch (expression.kind) {
    case "text":
    case "characters":
      return 0;
    case "sequence":
      return Math.max(0, ...expression.items.map((item) => expressionDepth(item, depths)));
    case "choice":
      return Math.min(...expression.options.map((option) => expressionDepth(option, depths)));
    case "repeat":
      return expression.min === 0 ? 0 : expressionDepth(expression.item, depths);
    case "rule":
      return depths.get(expression.name) ?? Number.POSITIVE_INFINITY;
  }
}

function pickCharacter(set: CharacterSet, random: () => number): string {
  // Mostly letters a person would write, where the set has them, and now and then anything at all.
  const ascii = set
    .filter(([first]) => first < 0x7f)
    .map(([first, last]) => [first, Math.min(last, 0x7e)] as const);
  const pool = ascii.length > 0 && random() < 0.8 ? ascii : set;
  const sizes = pool.map(([first, last]) => last - first + 1);
  let at = Math.floor(random() * sizes.reduce((sum, size) => sum + size, 0));
  for (const [index, [first]] of pool.entries()) {
    const size = sizes[index] ?? 0;
    if (at < size) return String.fromCodePoint(first + at);
    at -= size;
  }
  return "";
}
