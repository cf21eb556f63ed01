import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

const folder = resolve(
  process.env["PUNA_VECTORS"] ?? resolve(import.meta.dirname, "../../../../../shared/vectors"),
);

/** Whether recorded cases are there; where they must be and are not, loading this fails. */
export const hasVectors = existsSync(folder);
if (!hasVectors) {
  const reason = `recorded cases are missing: ${folder} (set PUNA_VECTORS)`;
  if (process.env["CI"] === "true") throw new Error(reason);
  console.log(`skipped: ${reason}`);
}

export function vectorPath(name: string): string {
  return resolve(folder, name);
}

/** One recorded file; `T` is the shape its README gives. */
export function readVectors<T>(name: string): T {
  // Recorded by a tool whose README gives the shapes; tests would fail on anything else.
  return JSON.parse(readFileSync(vectorPath(name), "utf8")) as T;
}
