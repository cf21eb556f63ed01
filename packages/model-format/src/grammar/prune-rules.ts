import { choice, type Expression, isNothing, nothing, type Rules, repeat, sequence } from "./expression.ts";

/**
 * Drops every alternative that can never be completed (it leads into itself for ever, or into nothing)
 * and every rule that is then out of reach.
 * @returns undefined when the root itself can never be completed
 */
export function pruneRules(rules: Rules, root: string): Rules | undefined {
  const productive = findProductive(rules);
  if (!productive.has(root)) return undefined;
  const reachable = new Map<string, Expression>();
  const waiting = [root];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const body = rules.get(name);
    if (body === undefined || reachable.has(name)) continue;
    const pruned = prune(body, productive);
    reachable.set(name, pruned);
    collectRules(pruned, waiting);
  }
  return reachable;
}

function findProductive(rules: Rules): ReadonlySet<string> {
  const productive = new Set<string>();
  // Rules lead to later ones for the most part, so that backwards one pass settles nearly all.
  let open = [...rules].reverse();
  for (let before = -1; before !== open.length; ) {
    before = open.length;
    open = open.filter(([name, body]) => {
      if (!isProductive(body, productive)) return true;
      productive.add(name);
      return false;
    });
  }
  return productive;
}

function isProductive(expression: Expression, productive: ReadonlySet<string>): boolean {
  switch (expression.kind) {
    case "text":
    case "characters":
      return true;
    case "rule":
      return productive.has(expression.name);
    case "sequence":
      return expression.items.every((item) => isProductive(item, productive));
    case "choice":
      return expression.options.some((option) => isProductive(option, productive));
    case "repeat":
      return expression.min === 0 || isProductive(expression.item, productive);
  }
}

function prune(expression: Expression, productive: ReadonlySet<string>): Expression {
  switch (expression.kind) {
    case "text":
    case "characters":
      return expression;
    case "rule":
      return productive.has(expression.name) ? expression : nothing;
    case "sequence":
      return sequence(...expression.items.map((item) => prune(item, productive)));
    case "choice":
      return choice(
        ...expression.options
          .map((option) => prune(option, productive))
          .filter((option) => !isNothing(option)),
      );
    case "repeat":
      return repeat(prune(expression.item, productive), expression.min, expression.max);
  }
}

function collectRules(expression: Expression, names: string[]): void {
  switch (expression.kind) {
    case "rule":
      names.push(expression.name);
      break;
    case "sequence":
      for (const item of expression.items) collectRules(item, names);
      break;
    case "choice":
      for (const option of expression.options) collectRules(option, names);
      break;
    case "repeat":
      collectRules(expression.item, names);
      break;
    default:
  }
}
