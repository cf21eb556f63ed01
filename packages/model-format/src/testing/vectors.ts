import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env["PUNA_VECTORS"] ?? join(import.meta.dirname, "../../../../../shared/vectors");

/**
 * One file of recordings, by its path inside their folder (`PUNA_VECTORS`, or `../shared/vectors` beside
 * the repository). Prints how many cases it holds.
 * @returns undefined, after printing why, where the recordings are missing
 * @throws Error where they are missing under CI=true, or hold no case
 */
export function vectorFile<TFile extends object>(path: string): TFile | undefined {
  const file = join(folder, path);
  if (!existsSync(file)) {
    const reason = `no recordings at ${file}; set PUNA_VECTORS to their folder`;
    if (process.env["CI"] === "true") throw new Error(reason);
    console.log(`skipped: ${reason}`);
    return undefined;
  }
  // The recordings' README gives the shape of each file; the caller names it.
  const content = JSON.parse(readFileSync(file, "utf8")) as TFile;
  if ("cases" in content && Array.isArray(content.cases)) {
    if (content.cases.length === 0) throw new Error(`${file} holds no case`);
    console.log(`${path}: ${content.cases.length} cases`);
  }
  return content;
}
