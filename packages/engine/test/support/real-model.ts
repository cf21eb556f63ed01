import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const cache =
  process.env["PUNA_MODEL_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "puna", "models");

/** Gemma 3 270M: a vocabulary of 262 144 tokens and windows of 512. Undefined, with a printed reason, when absent. */
export function gemmaPath(): string | undefined {
  const path = join(cache, "gemma3-270m-q4_k_m.gguf");
  if (existsSync(path)) return path;
  if (process.env["CI"]) throw new Error(`${path} is missing: run npm test, which fetches it`);
  console.log(`skipping tests with a real model: ${path} is missing`);
  return undefined;
}
