/** Flags of the program itself; none takes a value. */
export const rootFlags = {
  help: { type: "boolean", char: "h" },
  nowordwrap: { type: "boolean" },
  verbose: { type: "boolean" },
  version: { type: "boolean", char: "v" },
} as const;

const known: ReadonlySet<string> = new Set(
  Object.entries(rootFlags).flatMap(([name, flag]) => [
    `--${name}`,
    ...("char" in flag ? [`-${flag.char}`] : []),
  ]),
);

/**
 * Finds the command among the words: the first that is no flag. Flags before it are its own (`-v list` is `list -v`),
 * and an unknown flag without `=` counts the word behind it as its value, as Cobra does.
 */
export function splitCommand(argv: readonly string[]): {
  readonly command: string | undefined;
  readonly words: readonly string[];
} {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (word === "--") break;
    if (word === "" || !word.startsWith("-")) {
      return { command: word, words: [...argv.slice(0, at), ...argv.slice(at + 1)] };
    }
    const takesNext = word.startsWith("--") ? !word.includes("=") : word.length === 2;
    if (takesNext && !known.has(word)) at++;
  }
  return { command: undefined, words: argv };
}
