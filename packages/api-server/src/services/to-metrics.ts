import type { GenerationMetrics } from "./generation-event.ts";
import type { AnswerEvent } from "./run-answer.ts";

/** Adds up what an answer cost. Without a word of the engine only the clock is known. */
export function toMetrics(
  { engineEnd }: Extract<AnswerEvent, { type: "answer-end" }>,
  times: { readonly arrivedAtMs: number; readonly loadedAtMs: number; readonly nowMs: number },
): GenerationMetrics {
  return {
    totalMs: times.nowMs - times.arrivedAtMs,
    loadMs: times.loadedAtMs - times.arrivedAtMs,
    promptTokens: engineEnd?.promptTokens ?? 0,
    cachedTokens: engineEnd?.cachedTokens ?? 0,
    promptMs: engineEnd?.promptMs ?? 0,
    generatedTokens: engineEnd?.generatedTokens ?? 0,
    generatedMs: engineEnd?.generatedMs ?? 0,
  };
}
