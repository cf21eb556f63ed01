import { GrammarError } from "../errors.ts";
import { allCharacters } from "./characters.ts";
import { characters, choice, type Expression, empty, repeat, sequence, withoutEmpty } from "./expression.ts";
import { parseRegex, type RegexNode } from "./parse-regex.ts";

/** Any text at all. */
export const anyText: Expression = repeat(characters(allCharacters), 0);

/** Guards against patterns whose anchors stand in many nested alternatives. */
const maxAlternatives = 64;

/**
 * All texts in which the pattern is found, as JSON Schema's `pattern` asks; anchors bind it to the ends.
 * @throws GrammarError `PATTERN_INVALID` or `PATTERN_UNSUPPORTED`
 */
export function regexExpression(pattern: string): Expression {
  const options = splitAtAnchors(parseRegex(pattern), pattern).map((items) => {
    const isStart = items[0]?.kind === "start";
    const isEnd = items.at(-1)?.kind === "end" && items.length > (isStart ? 1 : 0);
    const inner = items.slice(isStart ? 1 : 0, isEnd ? -1 : undefined);
    const body = sequence(...inner.map((node) => toExpression(node, pattern)));
    return sequence(isStart ? empty : anyText, body, isEnd ? empty : anyText);
  });
  return choice(...options);
}

/** Opens up every group that holds an anchor, until anchors stand only in the outermost sequences. */
function splitAtAnchors(node: RegexNode, pattern: string): readonly (readonly RegexNode[])[] {
  if (node.kind === "choice")
    return limit(
      node.options.flatMap((option) => splitAtAnchors(option, pattern)),
      pattern,
    );
  if (node.kind !== "sequence") return [[node]];
  let results: readonly (readonly RegexNode[])[] = [[]];
  for (const item of node.items) {
    const variants = item.kind !== "repeat" && hasAnchor(item) ? splitAtAnchors(item, pattern) : [[item]];
    results = limit(
      results.flatMap((result) => variants.map((variant) => [...result, ...variant])),
      pattern,
    );
  }
  return results.map(dropRepeatedAnchors);
}

// `^^a` and `a$$` mean what one anchor means.
function dropRepeatedAnchors(items: readonly RegexNode[]): readonly RegexNode[] {
  return items.filter((item, index) => {
    const { kind } = item;
    return (
      !(kind === "start" && items[index - 1]?.kind === kind) &&
      !(kind === "end" && items[index + 1]?.kind === kind)
    );
  });
}

function limit<T>(alternatives: readonly T[], pattern: string): readonly T[] {
  if (alternatives.length <= maxAlternatives) return alternatives;
  throw new GrammarError(
    "GRAMMAR_LIMIT",
    `The pattern ${JSON.stringify(pattern)} has anchors in too many alternatives`,
  );
}

function hasAnchor(node: RegexNode): boolean {
  switch (node.kind) {
    case "start":
    case "end":
      return true;
    case "characters":
      return false;
    case "sequence":
      return node.items.some(hasAnchor);
    case "choice":
      return node.options.some(hasAnchor);
    case "repeat":
      return hasAnchor(node.item);
  }
}

function toExpression(node: RegexNode, pattern: string): Expression {
  switch (node.kind) {
    case "characters":
      return characters(node.set);
    case "start":
    case "end": {
      const text = `The pattern ${JSON.stringify(pattern)} cannot be used: an anchor stands inside it`;
      throw new GrammarError("PATTERN_UNSUPPORTED", text, { details: { pattern } });
    }
    case "sequence":
      return sequence(...node.items.map((item) => toExpression(item, pattern)));
    case "choice":
      return choice(...node.options.map((option) => toExpression(option, pattern)));
    case "repeat": {
      const item = toExpression(node.item, pattern);
      const solid = withoutEmpty(item);
      // What may be empty may be left out, so that only full ones are counted.
      return repeat(solid, solid === item ? node.min : 0, node.max);
    }
  }
}
