import { choice, type Expression, empty, sequence, text } from "./expression.ts";

/** Fewer are as quick side by side. */
const fewTexts = 8;
/** Brackets within brackets; llama.cpp reads them by recursion. */
const maxDepth = 40;

/**
 * One of many texts. What they begin with in common is written once: llama.cpp follows each alternative on its own
 * and compares all that are open with each other, so that ten thousand side by side take many seconds.
 */
export function textChoice(texts: readonly string[]): Expression {
  if (texts.length < fewTexts) return choice(...texts.map(text));
  return fold(
    texts.map((value) => Array.from(value)),
    0,
  );
}

function fold(texts: readonly (readonly string[])[], depth: number): Expression {
  if (texts.length < fewTexts || depth > maxDepth) return choice(...texts.map((rest) => text(rest.join(""))));
  const common = commonLength(texts);
  const groups = new Map<string, (readonly string[])[]>();
  for (const characters of texts) {
    const key = characters[common] ?? "";
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [characters.slice(common)]);
    else group.push(characters.slice(common));
  }
  const options = [...groups].map(([key, group]) => (key === "" ? empty : fold(group, depth + 1)));
  return sequence(text(texts[0]?.slice(0, common).join("") ?? ""), choice(...options));
}

function commonLength([first = [], ...others]: readonly (readonly string[])[]): number {
  let length = first.length;
  for (const other of others) {
    let at = 0;
    while (at < length && other[at] === first[at]) at += 1;
    length = at;
  }
  return length;
}
