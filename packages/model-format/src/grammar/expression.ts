import type { CharacterSet } from "./characters.ts";

/** A grammar's right-hand side. A choice of nothing matches nothing; a sequence of nothing matches the empty text. */
export type Expression =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "characters"; readonly set: CharacterSet }
  | { readonly kind: "sequence"; readonly items: readonly Expression[] }
  | { readonly kind: "choice"; readonly options: readonly Expression[] }
  | { readonly kind: "repeat"; readonly item: Expression; readonly min: number; readonly max: number }
  | { readonly kind: "rule"; readonly name: string };

export type Rules = ReadonlyMap<string, Expression>;

export const nothing: Expression = { kind: "choice", options: [] };
export const empty: Expression = { kind: "sequence", items: [] };

export function text(value: string): Expression {
  return value === "" ? empty : { kind: "text", text: value };
}

export function characters(set: CharacterSet): Expression {
  return set.length === 0 ? nothing : { kind: "characters", set };
}

export function rule(name: string): Expression {
  return { kind: "rule", name };
}

/** One after the other; neighbouring texts become one. */
export function sequence(...items: readonly Expression[]): Expression {
  const flat: Expression[] = [];
  for (const item of items) {
    if (isNothing(item)) return nothing;
    const parts = item.kind === "sequence" ? item.items : [item];
    for (const part of parts) {
      const last = flat.at(-1);
      if (part.kind === "text" && last?.kind === "text") flat[flat.length - 1] = text(last.text + part.text);
      else flat.push(part);
    }
  }
  const [first] = flat;
  return flat.length === 1 && first !== undefined ? first : { kind: "sequence", items: flat };
}

/** One of several. */
export function choice(...options: readonly Expression[]): Expression {
  const flat = options.flatMap((option) => (option.kind === "choice" ? option.options : [option]));
  const [first] = flat;
  return flat.length === 1 && first !== undefined ? first : { kind: "choice", options: flat };
}

/** @param max Infinity for no bound */
export function repeat(item: Expression, min: number, max: number = Number.POSITIVE_INFINITY): Expression {
  if (max < min) return nothing;
  if (max === 0 || isEmpty(item)) return empty;
  if (isNothing(item)) return min === 0 ? empty : nothing;
  return min === 1 && max === 1 ? item : { kind: "repeat", item, min, max };
}

export function optional(item: Expression): Expression {
  return repeat(item, 0, 1);
}

export function isNothing(expression: Expression): boolean {
  return expression.kind === "choice" && expression.options.length === 0;
}

function isEmpty(expression: Expression): boolean {
  return expression.kind === "sequence" && expression.items.length === 0;
}

/** Whether the empty text matches; rules are taken not to, as none of ours does. */
export function matchesEmpty(expression: Expression): boolean {
  switch (expression.kind) {
    case "text":
    case "characters":
    case "rule":
      return false;
    case "sequence":
      return expression.items.every(matchesEmpty);
    case "choice":
      return expression.options.some(matchesEmpty);
    case "repeat":
      return expression.min === 0 || matchesEmpty(expression.item);
  }
}

/**
 * The same texts without the empty one. llama.cpp refuses to repeat what may be empty, because its
 * own expansion of a repetition would then be left-recursive.
 */
export function withoutEmpty(expression: Expression): Expression {
  if (!matchesEmpty(expression)) return expression;
  switch (expression.kind) {
    case "choice":
      return choice(...expression.options.map(withoutEmpty));
    case "repeat":
      return repeat(withoutEmpty(expression.item), 1, expression.max);
    case "sequence": {
      const [first, ...rest] = expression.items;
      if (first === undefined) return nothing;
      const others = sequence(...rest);
      return choice(sequence(withoutEmpty(first), others), withoutEmpty(others));
    }
    default:
      return expression;
  }
}
