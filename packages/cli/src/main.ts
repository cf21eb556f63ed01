import { type Config, run } from "@oclif/core";
import { type CliContext, bindContext } from "./context.ts";

/** Runs one command line. Errors are printed, never thrown; the exit code is left in `process.exitCode`. */
export async function runCli(argv: readonly string[], config: Config, context: CliContext): Promise<void> {
  bindContext(config, context);
  const [first] = argv;
  const named = first !== undefined && !first.startsWith("-");
  if (named && first !== "help" && config.findCommand(first) === undefined) {
    context.stderr.write(`Error: unknown command "${first}" for "${context.binName}"\n`);
    process.exitCode = 1;
    return;
  }
  try {
    await run(argv.length === 0 ? ["--help"] : argv.map(spellOut), config);
  } catch (error) {
    // oclif ends help and version with an exit error of code 0; commands handle their own errors.
    const code = error instanceof Error && "oclif" in error ? exitCodeOf(error.oclif) : undefined;
    if (code === 0) return;
    context.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

/** `--think` may stand alone; the parser wants a value. */
function spellOut(word: string): string {
  return word === "--think" ? "--think=true" : word;
}

function exitCodeOf(oclif: unknown): number | undefined {
  return typeof oclif === "object" && oclif !== null && "exit" in oclif && typeof oclif.exit === "number"
    ? oclif.exit
    : undefined;
}
