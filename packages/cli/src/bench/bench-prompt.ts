const syllables = ["ka", "lo", "mi", "ren", "tus", "va", "sol", "dim", "ber", "qui", "zan", "pe"];

/**
 * Words no cache has seen: each seed begins with others, so that nothing of an earlier prompt can be reused.
 * About two tokens a word in usual vocabularies.
 */
export function benchPrompt(words: number, seed: number): string {
  let state = (seed * 2_654_435_761) >>> 0;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 16) % below;
  };
  const word = () => Array.from({ length: 1 + next(3) }, () => syllables[next(syllables.length)]).join("");
  return Array.from({ length: words }, word).join(" ");
}
