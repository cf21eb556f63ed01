import { includesCharacter } from "../grammar/characters.ts";
import type { Expression } from "../grammar/expression.ts";
import { parseGbnf } from "./parse-gbnf.ts";

/**
 * Answers whether a whole text is a sentence of a GBNF grammar. For tests: slow, complete, without an engine.
 * @example compileGbnf('root ::= "yes" | "no"')("yes") // true
 */
export function compileGbnf(source: string): (text: string) => boolean {
  const rules = parseGbnf(source);
  return (text) => {
    const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
    const known = new Map<string, ReadonlySet<number>>();

    /** Every place where the expression can end that begins at this place. */
    const ends = (expression: Expression, at: number): ReadonlySet<number> => {
      switch (expression.kind) {
        case "text": {
          const wanted = Array.from(expression.text, (character) => character.codePointAt(0) ?? 0);
          const matches = wanted.every((code, index) => codes[at + index] === code);
          return new Set(matches ? [at + wanted.length] : []);
        }
        case "characters": {
          const code = codes[at];
          return new Set(code !== undefined && includesCharacter(expression.set, code) ? [at + 1] : []);
        }
        case "sequence":
          return expression.items.reduce<ReadonlySet<number>>(
            (starts, item) => follow(item, starts),
            new Set([at]),
          );
        case "choice":
          return new Set(expression.options.flatMap((option) => [...ends(option, at)]));
        case "repeat":
          return repeatEnds(expression, at);
        case "rule": {
          const key = `${expression.name} ${at}`;
          const found = known.get(key);
          if (found !== undefined) return found;
          // Stands in for a rule that leads to itself without reading anything.
          known.set(key, new Set());
          const body = rules.get(expression.name);
          const result = body === undefined ? new Set<number>() : ends(body, at);
          known.set(key, result);
          return result;
        }
      }
    };

    const follow = (item: Expression, starts: ReadonlySet<number>): ReadonlySet<number> =>
      new Set([...starts].flatMap((start) => [...ends(item, start)]));

    const repeatEnds = (
      { item, min, max }: Extract<Expression, { readonly kind: "repeat" }>,
      at: number,
    ): ReadonlySet<number> => {
      let front: ReadonlySet<number> = new Set([at]);
      const reached = new Set<number>(min === 0 ? [at] : []);
      for (let count = 1; count <= max && front.size > 0; count += 1) {
        const next = follow(item, front);
        // Past the minimum only new places can lead anywhere new.
        front = count > min ? new Set([...next].filter((place) => !reached.has(place))) : next;
        if (count >= min) for (const place of front) reached.add(place);
      }
      return reached;
    };

    return ends({ kind: "rule", name: "root" }, 0).has(codes.length);
  };
}
