import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder =
  process.env["PUNA_VECTORS"] ?? fileURLToPath(new URL("../../../../../shared/vectors", import.meta.url));

/**
 * Recorded behaviour of the real Ollama, which lives outside the repository.
 * @returns the parsed file; undefined, with a printed reason, where it is absent
 */
export function vectorFile<TFile>(path: string): TFile | undefined {
  const file = join(folder, path);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  if (process.env["CI"])
    throw new Error(`${path} is missing; set PUNA_VECTORS to the folder of recorded cases`);
  console.log(`skipping cases of ${path}: not found (PUNA_VECTORS names the folder of recorded cases)`);
  return undefined;
}
