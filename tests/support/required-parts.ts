import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const models = join(
  process.env["PUNA_MODEL_CACHE"] ??
    join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "puna", "models"),
);

/** Path of the small real model, where it has been fetched. */
export const gemmaPath = join(models, "gemma3-270m-q4_k_m.gguf");

export const hasGemma = present("the Gemma model (node scripts/fetch-models.mjs)", existsSync(gemmaPath));

export const hasRegistry = present(
  "docker-registry (Debian package of that name)",
  spawnSync("docker-registry", ["--version"]).status === 0,
);

/** A Python that has the official clients. */
export const python = process.env["PUNA_TEST_PYTHON"] ?? "python3";

export const hasPythonClients = present(
  "the Python clients ollama, openai and anthropic (PUNA_TEST_PYTHON)",
  spawnSync(python, ["-c", "import ollama, openai, anthropic"]).status === 0,
);

/** Says once what is missing. Under CI nothing may be missing: the tests run, and fail. */
function present(what: string, found: boolean): boolean {
  if (found) return true;
  if (process.env["CI"]) return true;
  console.log(`skipping tests that need ${what}: not found`);
  return false;
}
