export type GbnfElement = {
  /** It may be left out: `?`, `*`, `{0,…}`. */
  readonly isOptional: boolean;
} & (
  | { readonly kind: "characters" | "nothing" }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "group"; readonly alternatives: readonly (readonly GbnfElement[])[] }
);

/** Alternatives of each rule. */
export type GbnfRules = ReadonlyMap<string, readonly (readonly GbnfElement[])[]>;

/** Brackets within brackets. */
const maxDepth = 500;

const token =
  /\s+|#[^\n]*|"(?:[^"\\]|\\.)*"?|\[(?:[^\]\\]|\\.)*\]?|([A-Za-z0-9-]+)(\s*::=)?|[().|?*+]|\{(\d*)[^}]*\}?|./gsy;

/**
 * What stands where in a grammar, as far as it takes to see how much work it makes. It reads wrong grammars, too,
 * and says nothing of them.
 * @param refuse  called where brackets lie too deep
 */
export function scanGbnf(grammar: string, refuse: (why: string) => never): GbnfRules {
  const rules = new Map<string, GbnfElement[][]>();
  /** Alternatives under way: of the rule, then of each open bracket. */
  let stack: GbnfElement[][][] = [];
  const add = (element: GbnfElement) => stack.at(-1)?.at(-1)?.push(element);
  const quantify = () => {
    const sequence = stack.at(-1)?.at(-1);
    const last = sequence?.pop();
    if (last !== undefined) sequence?.push({ ...last, isOptional: true });
  };
  for (const [text, name, isDefined, least] of grammar.matchAll(token)) {
    if (name !== undefined && isDefined !== undefined) {
      const alternatives: GbnfElement[][] = [[]];
      rules.set(name, alternatives);
      stack = [alternatives];
    } else if (name !== undefined) add({ kind: "rule", name, isOptional: false });
    else if (text[0] === '"') add({ kind: text.length <= 2 ? "nothing" : "characters", isOptional: false });
    else if (text[0] === "[" || text === ".") add({ kind: "characters", isOptional: false });
    else if (text === "|") stack.at(-1)?.push([]);
    else if (text === "(") {
      const alternatives: GbnfElement[][] = [[]];
      add({ kind: "group", alternatives, isOptional: false });
      stack.push(alternatives);
      if (stack.length > maxDepth) refuse(`brackets lie more than ${maxDepth} deep`);
    } else if (text === ")") stack.pop();
    else if (text === "?" || text === "*" || (text[0] === "{" && Number(least) === 0)) quantify();
  }
  return rules;
}
