import { type Command, type Config, loadHelpClass } from "@oclif/core";
import { suggestCommands } from "./arguments/suggest-command.ts";
import { bindContext, type CliContext, type OutputStream } from "./context.ts";

/** What shells see of a process that SIGPIPE ended. */
const brokenPipeExitCode = 141;

/** Runs one command line. Errors are printed, never thrown; the exit code is left in `process.exitCode`. */
export async function runCli(argv: readonly string[], config: Config, context: CliContext): Promise<void> {
  bindContext(config, context);
  endWithReader(context.stdout);
  const words = argv.length === 0 ? ["--help"] : spellOutHelp(argv);
  const [first = ""] = words;
  if (first === "--version" || first === "-v") {
    context.stdout.write(`${context.binName} version is ${context.version}\n`);
    return;
  }
  const problem = firstWordProblem(first, config, context);
  if (problem !== undefined) {
    context.stderr.write(`Error: ${problem}\n`);
    process.exitCode = 1;
    return;
  }
  try {
    if (asksForHelp(words)) await showHelp(words, config);
    else await runCommand(words, config);
  } catch (error) {
    // Commands report their own errors; this is one in oclif or in showing help.
    const code = error instanceof Error && "oclif" in error ? exitCodeOf(error.oclif) : undefined;
    if (code === 0) return;
    context.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function runCommand([id = "", ...argv]: readonly string[], config: Config): Promise<void> {
  const found = await config.findCommand(id, { must: true }).load();
  // Whatever is found can be made; only the base class, whose type this is, cannot.
  const CommandClass = found as unknown as new (argv: readonly string[], config: Config) => Command;
  // Not `Command.run`: that loads the configuration a second time, which costs time and loses the bound context.
  await new CommandClass(argv, config)["_run"]();
}

async function showHelp(argv: readonly string[], config: Config): Promise<void> {
  const HelpClass = await loadHelpClass(config);
  await new HelpClass(config, config.pjson.oclif.helpOptions).showHelp([...argv]);
}

function firstWordProblem(first: string, config: Config, context: CliContext): string | undefined {
  if (first === "--help" || config.findCommand(first) !== undefined) return undefined;
  if (first.startsWith("--")) return `unknown flag: ${first.replace(/=.*$/s, "")}`;
  if (first.startsWith("-")) return `unknown shorthand flag: '${first.charAt(1)}' in ${first}`;
  const close = suggestCommands(
    first,
    config.commandIDs.filter((id) => config.findCommand(id)?.hidden !== true),
  );
  const hint =
    close.length === 0 ? "" : `\n\nDid you mean this?\n${close.map((name) => `\t${name}\n`).join("")}`;
  return `unknown command "${first}" for "${context.binName}"${hint}`;
}

/** `list | head`: when the reader has gone, the work is done, as for programs that a broken pipe ends. */
function endWithReader(output: OutputStream): void {
  // Every stream of a process has `on`; what tests write to need not.
  if ("on" in output && typeof output.on === "function") {
    output.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(brokenPipeExitCode);
    });
  }
}

/** `help run` and `run -h` mean `run --help`. */
function spellOutHelp(argv: readonly string[]): readonly string[] {
  if (argv[0] === "help") return [...argv.slice(1), "--help"];
  return flagsOf(argv).includes("-h") ? [...argv.filter((word) => word !== "-h"), "--help"] : argv;
}

function asksForHelp(argv: readonly string[]): boolean {
  return flagsOf(argv).includes("--help");
}

function flagsOf(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end < 0 ? argv : argv.slice(0, end);
}

function exitCodeOf(oclif: unknown): number | undefined {
  return typeof oclif === "object" && oclif !== null && "exit" in oclif && typeof oclif.exit === "number"
    ? oclif.exit
    : undefined;
}
