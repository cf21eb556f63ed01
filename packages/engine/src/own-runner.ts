import { fileURLToPath } from "node:url";

/** The child's entry in this package, and what node needs to run it: built, or from source. */
export function ownRunner(): { readonly runnerEntry: string; readonly execArgv: readonly string[] } {
  const isSource = import.meta.url.endsWith(".ts");
  const name = isSource ? "./runner-child/main.ts" : "./runner.js";
  return {
    runnerEntry: fileURLToPath(new URL(name, import.meta.url)),
    execArgv: isSource ? ["--conditions=@puna/source"] : [],
  };
}
