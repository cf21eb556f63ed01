import type { FlagShape } from "../arguments/normalize-arguments.ts";
import { type EnvironmentVariable, environmentVariables } from "./environment-variables.ts";

/** What help tells of a command; every command class has it as statics. */
export interface DescribedCommand {
  readonly description?: string | undefined;
  /** Words behind the command; made of its arguments where absent. */
  readonly usage?: string | string[] | undefined;
  readonly args?: Readonly<Record<string, DescribedArgument>>;
  readonly flags?: Readonly<Record<string, DescribedFlag>>;
  readonly bareFlags?: Readonly<Record<string, string>>;
  readonly otherNames?: readonly string[];
  /** Where the command goes by another of its names: the one that help gives it. */
  readonly ownName?: string;
  readonly environment?: readonly EnvironmentVariable[];
  /** Paragraphs between description and usage. */
  readonly details?: string;
  readonly examples?: readonly unknown[];
}

interface DescribedArgument {
  readonly required?: boolean | undefined;
  /** Standard input is no word of the command line; set before a command is run. */
  ignoreStdin?: boolean;
}

interface DescribedFlag extends FlagShape {
  readonly description?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly default?: unknown;
}

/** One flag's line. */
interface FlagRow {
  readonly name: string;
  readonly char?: string | undefined;
  readonly value: string;
  readonly text: string;
}

const variableWidth = 30;
const smallestNameWidth = 11;

/** Help of one command, laid out as people and scripts know it from Ollama. */
export function printCommandHelp(binName: string, name: string, command: DescribedCommand): string {
  const { description = "", details, examples = [], otherNames = [], environment = [] } = command;
  const parts = [
    `${details ?? description}\n`,
    `Usage:\n  ${[binName, name, ...usageOf(command), "[flags]"].join(" ")}\n`,
  ];
  if (otherNames.length > 0) parts.push(`Aliases:\n  ${[name, ...otherNames].join(", ")}\n`);
  if (examples.length > 0) parts.push(`Examples:\n${examples.map((line) => `  ${String(line)}\n`).join("")}`);
  parts.push(`Flags:\n${printFlags([...flagRows(command), helpRow(name)])}`);
  if (environment.length > 0) {
    const lines = environment.map(
      (variable) => `      ${variable.padEnd(variableWidth)}${environmentVariables[variable]}\n`,
    );
    parts.push(`Environment Variables:\n${lines.join("")}`);
  }
  return parts.join("\n");
}

/** Groups of commands for the first page of help; a name that is not there is left out. */
export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
}

/** The first page of help. */
export function printRootHelp(binName: string, groups: readonly CommandGroup[]): string {
  const names = groups.flatMap(({ commands }) => commands.map(({ name }) => name.length));
  const width = Math.max(smallestNameWidth, ...names) + 1;
  const sections = groups.map(
    ({ title, commands }) =>
      `${title}:\n${commands.map(({ name, description }) => `  ${name.padEnd(width)} ${description}\n`).join("")}`,
  );
  const flags = printFlags([
    helpRow(binName),
    { name: "nowordwrap", value: "", text: "Don't wrap words to the next line automatically" },
    { name: "verbose", value: "", text: "Show timings for response" },
    { name: "version", char: "v", value: "", text: "Show version information" },
  ]);
  return [
    "Large language model runner\n",
    `Usage:\n  ${binName} [flags]\n  ${binName} [command]\n`,
    ...sections,
    `Flags:\n${flags}`,
    `Use "${binName} [command] --help" for more information about a command.\n`,
  ].join("\n");
}

function usageOf({ usage, args = {} }: DescribedCommand): readonly string[] {
  if (usage !== undefined) return [usage].flat();
  return Object.entries(args).map(([name, { required }]) =>
    required === true ? name.toUpperCase() : `[${name.toUpperCase()}]`,
  );
}

function helpRow(name: string): FlagRow {
  return { name: "help", char: "h", value: "", text: `help for ${name}` };
}

function flagRows({ flags = {}, bareFlags = {} }: DescribedCommand): FlagRow[] {
  return Object.entries(flags)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([name, flag]) => {
      const bare = bareFlags[name] === undefined ? "" : `[="${bareFlags[name]}"]`;
      const standard = typeof flag.default === "string" ? ` (default "${flag.default}")` : "";
      return {
        name,
        char: flag.char,
        value: flag.type === "option" ? ` ${String(flag.helpValue ?? "string")}${bare}` : "",
        text: `${flag.description ?? ""}${standard}`,
      };
    });
}

function printFlags(rows: readonly FlagRow[]): string {
  const lines = rows
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ char, name, value, text }) => ({
      head: `${char === undefined ? "      " : `  -${char}, `}--${name}${value}`,
      text,
    }));
  const width = Math.max(...lines.map(({ head }) => head.length));
  return lines.map(({ head, text }) => `${head.padEnd(width)}   ${text}\n`).join("");
}
