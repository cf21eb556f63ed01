import type { Command, Config } from "@oclif/core";
import { type Arity, normalizeArguments } from "./arguments/normalize-arguments.ts";
import { rootFlags, splitCommand } from "./arguments/split-command.ts";
import { suggestCommands } from "./arguments/suggest-command.ts";
import { bindContext, type CliContext, type OutputStream } from "./context.ts";
import { CliError } from "./errors.ts";
import { groupCommands } from "./help/command-groups.ts";
import { type DescribedCommand, printCommandHelp, printRootHelp } from "./help/print-help.ts";

/** What shells see of a process that SIGPIPE ended. */
const brokenPipeExitCode = 141;

/** The class of a command, as far as running it and showing its help take. */
interface CommandClass extends DescribedCommand {
  new (argv: readonly string[], config: Config): Command;
  readonly arity?: Arity | undefined;
}

/** Runs one command line. Errors are printed, never thrown; the exit code is left in `process.exitCode`. */
export async function runCli(argv: readonly string[], config: Config, context: CliContext): Promise<void> {
  bindContext(config, context);
  endWithReader(context.stdout);
  try {
    const { command, words } = splitCommand(argv);
    if (command === undefined) await runRoot(words, config, context);
    else if (command === "help") await showHelp(words, config, context);
    else await runCommand(command, words, config, context);
  } catch (error) {
    // Commands report their own errors; this is one of their words, or of oclif.
    context.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

/** Without a command: the version, help, or in a terminal the menu. */
async function runRoot(argv: readonly string[], config: Config, context: CliContext): Promise<void> {
  const arity = { min: 0, max: Number.POSITIVE_INFINITY };
  const { words, wantsHelp } = normalizeArguments(argv, { flags: rootFlags, arity, bareFlags: {} });
  if (words.includes("--version") && !wantsHelp) {
    context.stdout.write(`${context.binName} version is ${context.version}\n`);
    return;
  }
  if (!wantsHelp && context.stdin.isTTY && context.stdout.isTTY) {
    const { startMenu } = await import("./menu/start-menu.ts");
    const flags = words.filter((word) => word === "--verbose" || word === "--nowordwrap");
    await startMenu(context, (id, more) => runCommand(id, more, config, context), flags);
    return;
  }
  context.stdout.write(await rootHelp(config, context.binName));
}

async function runCommand(
  id: string,
  argv: readonly string[],
  config: Config,
  context: CliContext,
): Promise<void> {
  const found = await loadCommand(id, config);
  if (found === undefined) throw new CliError("USAGE", unknownCommand(id, config, context.binName));
  const { args = {}, arity, bareFlags = {}, flags = {} } = found;
  const count = Object.keys(args).length;
  const shape = { flags, bareFlags, arity: arity ?? { min: count, max: count } };
  const { words, wantsHelp } = normalizeArguments(argv, shape);
  // oclif would read what is piped in as the first word that is missing.
  for (const argument of Object.values(args)) argument.ignoreStdin = true;
  if (wantsHelp) context.stdout.write(printCommandHelp(context.binName, found.ownName ?? id, found));
  // Not `Command.run`: that loads the configuration a second time, which costs time and loses the bound context.
  else await new found(words, config)["_run"]();
}

/** `help`, `help run`: words that name no command are told, with the first page behind. */
async function showHelp(argv: readonly string[], config: Config, context: CliContext): Promise<void> {
  const [topic] = argv.filter((word) => !word.startsWith("-"));
  const found = topic === undefined ? undefined : await loadCommand(topic, config);
  if (topic !== undefined && found !== undefined) {
    context.stdout.write(printCommandHelp(context.binName, found.ownName ?? topic, found));
    return;
  }
  if (topic === undefined) context.stdout.write(await rootHelp(config, context.binName));
  else context.stderr.write(`Unknown help topic [\`${topic}\`]\n${await rootHelp(config, context.binName)}`);
}

async function rootHelp(config: Config, binName: string): Promise<string> {
  const groups = groupCommands(shownCommands(config)).map(async ({ title, names }) => ({
    title,
    commands: await Promise.all(
      names.map(async (name) => ({
        name,
        description: (await loadCommand(name, config))?.description ?? "Help about any command",
      })),
    ),
  }));
  return printRootHelp(binName, await Promise.all(groups));
}

async function loadCommand(id: string, config: Config): Promise<CommandClass | undefined> {
  const found = await config.findCommand(id)?.load();
  // Whatever is found can be made and has these statics; only oclif's base class, whose type this is, has not.
  return found as CommandClass | undefined;
}

function shownCommands(config: Config): readonly string[] {
  return config.commandIDs.filter((id) => config.findCommand(id)?.hidden !== true);
}

function unknownCommand(typed: string, config: Config, binName: string): string {
  const names = groupCommands(shownCommands(config)).flatMap((group) => group.names);
  const close = suggestCommands(
    typed,
    names.filter((name) => name !== "help"),
  );
  const hint =
    close.length === 0 ? "" : `\n\nDid you mean this?\n${close.map((name) => `\t${name}\n`).join("")}`;
  return `unknown command "${typed}" for "${binName}"${hint}`;
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
