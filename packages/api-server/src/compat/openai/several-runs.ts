import type { GenerationSettings } from "../../services/generation-request.ts";

/** One of several answers to the same request: with a seed of its own, or all would be the same. */
export function forRun<T extends GenerationSettings>(settings: T, index: number): T {
  const seed = settings.options?.["seed"];
  if (index === 0 || typeof seed !== "number") return settings;
  return { ...settings, options: { ...settings.options, seed: seed + index } };
}
