import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const cache =
  process.env["PUNA_MODEL_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "puna", "models");

const files = {
  gemma: "gemma3-270m-q4_k_m.gguf",
  qwen: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
  minilm: "all-minilm-l6-v2-f16.gguf",
} as const;

/** A model that `scripts/fetch-models.mjs` fetches. Undefined, with a printed reason, when absent. */
export function realModelPath(name: keyof typeof files): string | undefined {
  const path = join(cache, files[name]);
  if (existsSync(path)) return path;
  console.log(`skipping tests with a real model: ${path} is missing`);
  return undefined;
}

/** Gemma 3 270M: a vocabulary of 262 144 tokens and windows of 512. Absent on CI, it is an error. */
export function gemmaPath(): string | undefined {
  const path = realModelPath("gemma");
  if (path === undefined && process.env["CI"])
    throw new Error("gemma is missing: run npm test, which fetches it");
  return path;
}
