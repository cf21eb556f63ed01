import type { Dependencies } from "../dependencies.ts";
import type { GenerationEvent, RequestTimes } from "./generation-event.ts";

/** Passes an answer on and counts its tokens and the times between them. */
export async function* observeAnswer(
  { metrics, now }: Pick<Dependencies, "metrics" | "now">,
  times: RequestTimes,
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<GenerationEvent> {
  let lastAtMs: number | undefined;
  let countedTokens = 0;
  for await (const event of events) {
    if (event.type === "answer-delta") {
      const atMs = now();
      if (lastAtMs === undefined) metrics.observeFirstToken(atMs - times.arrivedAtMs);
      else metrics.observeBetweenTokens(atMs - lastAtMs);
      lastAtMs = atMs;
      // While it comes, each delta counts as a token; the end puts that right, so that a running answer has a speed.
      metrics.countTokens({ prompt: 0, cached: 0, generated: 1 });
      countedTokens++;
    } else if (event.type === "generation-end") {
      const { promptTokens, cachedTokens, generatedTokens } = event.metrics;
      metrics.countTokens({
        prompt: promptTokens,
        cached: cachedTokens,
        generated: Math.max(0, generatedTokens - countedTokens),
      });
    }
    yield event;
  }
}
