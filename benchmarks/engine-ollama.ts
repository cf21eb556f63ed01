import { spawnSync } from "node:child_process";
import { apiSubject } from "./engine-api.ts";
import { punaProgram } from "./engine-puna.ts";
import type { BenchmarkSetup, Subject } from "./engine-subject.ts";

/** Ollama itself, as installed, on a store that we filled. */
export function ollamaSubject(path: string, setup: BenchmarkSetup): Subject {
  // Beside the version it warns that it reaches no server.
  const told = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (told.error !== undefined) throw new Error(`${path} cannot be run`, { cause: told.error });
  const version = /version is (\S+)/.exec(told.stdout + told.stderr)?.[1] ?? "unknown";
  const importer = punaProgram(setup);
  return apiSubject({ name: "ollama", version, command: [path, "serve"], env: {}, importer }, setup);
}
