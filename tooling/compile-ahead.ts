import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Where processes that tests start by the dozen find what was compiled of their sources (`NODE_COMPILE_CACHE`). */
export const compileCache = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));

/**
 * Compiles modules, and all that they import, into the cache. The processes of tests cannot do so themselves: Node
 * writes it when a process ends in peace, and most of them are killed.
 * @param args  what the modules see as the arguments of their process
 */
export function compileAhead(modules: readonly URL[], args: readonly string[] = []): void {
  const program = modules.map(({ href }) => `await import(${JSON.stringify(href)});`).join("\n");
  const flags = ["--conditions=@puna/source", "--no-warnings", "--input-type=module", "--eval", program];
  spawnSync(process.execPath, [...flags, "--", ...args], {
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: "ignore",
  });
}
