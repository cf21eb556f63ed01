import type { PlannedContext } from "./memory-plan.ts";

/** Slots are given up before a context that was chosen by memory becomes shorter than this. */
const comfortableContextTokens = 2048;
/** Less holds no conversation: then it is better to say that the model does not fit. */
const shortestContextTokens = 512;

/**
 * What is tried in turn when memory is short: half the context, then half the slots, then half the context again.
 * A context that somebody asked for is never made shorter.
 * @returns the wish itself, then ever smaller ones
 */
export function* contextSteps<TContext extends PlannedContext>(
  wanted: TContext,
  mayShorten: boolean,
): Generator<TContext> {
  let { contextTokens, parallel } = wanted;
  yield wanted;
  const shorten = function* (leastTokens: number) {
    while (mayShorten && contextTokens > leastTokens) {
      contextTokens = Math.max(leastTokens, Math.floor(contextTokens / 2));
      yield { ...wanted, contextTokens, parallel };
    }
  };
  yield* shorten(comfortableContextTokens);
  while (parallel > 1) {
    parallel = Math.floor(parallel / 2);
    yield { ...wanted, contextTokens, parallel };
  }
  yield* shorten(shortestContextTokens);
}

/** The first step that fits; the smallest, where none does. */
export function fitToMemory<TContext extends PlannedContext>(
  wanted: TContext,
  { mayShorten, fits }: { readonly mayShorten: boolean; readonly fits: (context: TContext) => boolean },
): TContext {
  let smallest = wanted;
  for (const step of contextSteps(wanted, mayShorten)) {
    if (fits(step)) return step;
    smallest = step;
  }
  return smallest;
}
