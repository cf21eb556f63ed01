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

/** Path of the real model that follows instructions and calls tools, where it has been fetched. */
export const qwenPath = join(models, "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");

export const hasQwen = present("the Qwen model (node scripts/fetch-models.mjs qwen)", existsSync(qwenPath));

/** Path of the small real embedding model, where it has been fetched. */
export const miniLmPath = join(models, "all-minilm-l6-v2-f16.gguf");

export const hasMiniLm = present(
  "the MiniLM model (node scripts/fetch-models.mjs minilm)",
  existsSync(miniLmPath),
);

/** A browser of the system: Debian's Chromium, or another at a path of your own. */
export const chromiumPath = process.env["PUNA_TEST_CHROMIUM"] ?? "/usr/bin/chromium";

export const hasChromium = present(
  "Chromium (Debian package of that name, or PUNA_TEST_CHROMIUM)",
  existsSync(chromiumPath),
);

export const hasRegistry = present(
  "docker-registry (Debian package of that name)",
  spawnSync("docker-registry", ["--version"]).status === 0,
);

/** A Python that has the clients of `tests/python/requirements.txt`. */
export const python = process.env["PUNA_TEST_PYTHON"] ?? "python3";

/** Another, for `tests/python/requirements-instructor.txt`: instructor and the newest clients exclude each other. */
export const pythonWithInstructor = process.env["PUNA_TEST_PYTHON_INSTRUCTOR"] ?? "python3";

export const hasPythonClients = present(
  "the Python clients of tests/python/requirements.txt (PUNA_TEST_PYTHON)",
  spawnSync(python, ["-c", "import ollama, openai, anthropic, cohere, langchain_ollama, langchain_tests"])
    .status === 0,
);

export const hasInstructor = present(
  "the Python client of tests/python/requirements-instructor.txt (PUNA_TEST_PYTHON_INSTRUCTOR)",
  spawnSync(pythonWithInstructor, ["-c", "import instructor, pytest"]).status === 0,
);

/** Says once what is missing. Under CI nothing may be missing: the tests run, and fail. */
function present(what: string, found: boolean): boolean {
  if (found) return true;
  if (process.env["CI"]) return true;
  console.log(`skipping tests that need ${what}: not found`);
  return false;
}
