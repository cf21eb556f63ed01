import { CliError } from "../errors.ts";

/** What of a flag's definition decides how words are read. */
interface FlagShape {
  readonly type: "boolean" | "option";
  readonly char?: string | undefined;
  readonly allowNo?: boolean | undefined;
}

/** How many words besides flags a command takes. */
export interface Arity {
  readonly min: number;
  readonly max: number;
}

export interface ArgumentShape {
  readonly flags: Readonly<Record<string, FlagShape>>;
  readonly arity: Arity;
  /** Value of flags that may stand without one; a word behind such a flag is not its value. */
  readonly bareFlags: Readonly<Record<string, string>>;
}

/**
 * Reads a command's words by the rules of the program whose scripts should go on working: flags anywhere, `--flag=value`,
 * `--flag=false`, `-fvalue`, `--` ends them.
 * @returns the same words in an order that leaves no doubt: flags, `--`, the rest
 * @throws CliError `USAGE`, with the texts of Cobra, which scripts and people know from Ollama
 */
export function normalizeArguments(argv: readonly string[], shape: ArgumentShape): string[] {
  const flags: string[] = [];
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (word === "--") {
      words.push(...argv.slice(at + 1));
      break;
    }
    if (word === "-" || !word.startsWith("-")) {
      words.push(word);
      continue;
    }
    const flag = word.startsWith("--") ? longFlag(word, shape) : shortFlag(word, shape);
    const value = flag.value ?? (flag.wantsValue ? argv[++at] : undefined);
    if (flag.wantsValue && value === undefined)
      throw new CliError("USAGE", `flag needs an argument: ${flag.shown}`);
    flags.push(...spell(flag.name, flag.shape, value));
  }
  checkArity(words.length, shape.arity);
  return [...flags, "--", ...words];
}

interface FoundFlag {
  readonly name: string;
  readonly shape: FlagShape;
  readonly shown: string;
  readonly value: string | undefined;
  readonly wantsValue: boolean;
}

function longFlag(word: string, { flags, bareFlags }: ArgumentShape): FoundFlag {
  const [, name = "", value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  const positive = name.startsWith("no-") ? name.slice(3) : name;
  const known = Object.hasOwn(flags, name) ? name : flags[positive]?.allowNo === true ? positive : undefined;
  const shape = known === undefined ? undefined : flags[known];
  if (known === undefined || shape === undefined) throw new CliError("USAGE", `unknown flag: --${name}`);
  return {
    name: known,
    shape,
    shown: `--${name}`,
    value: known === name ? (value ?? bareFlags[name]) : "false",
    wantsValue: shape.type === "option" && value === undefined && bareFlags[name] === undefined,
  };
}

function shortFlag(word: string, { flags }: ArgumentShape): FoundFlag {
  const char = word.charAt(1);
  const found = Object.entries(flags).find(([, shape]) => shape.char === char);
  if (found === undefined) throw new CliError("USAGE", `unknown shorthand flag: '${char}' in ${word}`);
  const [name, shape] = found;
  const rest = word.slice(2).replace(/^=/, "");
  return {
    name,
    shape,
    shown: `'${char}' in ${word}`,
    value: rest === "" ? undefined : rest,
    wantsValue: shape.type === "option" && rest === "",
  };
}

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falsehoods = new Set(["0", "f", "F", "FALSE", "false", "False"]);

function spell(name: string, shape: FlagShape, value: string | undefined): string[] {
  if (shape.type === "option") return [`--${name}=${value ?? ""}`];
  if (value === undefined || truths.has(value)) return [`--${name}`];
  if (!falsehoods.has(value)) {
    const reason = `strconv.ParseBool: parsing "${value}": invalid syntax`;
    throw new CliError("USAGE", `invalid argument "${value}" for "--${name}" flag: ${reason}`);
  }
  return shape.allowNo === true ? [`--no-${name}`] : [];
}

function checkArity(received: number, { min, max }: Arity): void {
  if (received >= min && received <= max) return;
  if (min === max) throw new CliError("USAGE", `accepts ${min} arg(s), received ${received}`);
  throw new CliError(
    "USAGE",
    received < min
      ? `requires at least ${min} arg(s), only received ${received}`
      : `accepts at most ${max} arg(s), received ${received}`,
  );
}
