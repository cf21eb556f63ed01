import { CliError } from "../errors.ts";

/** What of a flag's definition decides how words are read and shown. */
export interface FlagShape {
  readonly type: "boolean" | "option";
  readonly char?: string | undefined;
  readonly allowNo?: boolean | undefined;
  /** `int` where the value must be a whole number. */
  readonly helpValue?: string | string[] | undefined;
  readonly multiple?: boolean | undefined;
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

/** A command's words, sorted. */
export interface NormalArguments {
  /** In an order that leaves no doubt: flags, `--`, the rest. */
  readonly words: string[];
  /** `--help` or `-h` was among the flags; how many words there are does not matter then. */
  readonly wantsHelp: boolean;
}

/**
 * Reads a command's words by the rules of the program whose scripts should go on working: flags anywhere, `--flag=value`,
 * `--flag=false`, `-fvalue`, `-vh`, `--` ends them.
 * @throws CliError `USAGE`, with the texts of Cobra, which scripts and people know from Ollama
 */
export function normalizeArguments(argv: readonly string[], shape: ArgumentShape): NormalArguments {
  const withHelp = { ...shape, flags: { ...shape.flags, help: { type: "boolean", char: "h" } as const } };
  /** Of a flag given twice, the last word holds, unless it may be given more than once. */
  const flags = new Map<string, readonly string[]>();
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
    const found = word.startsWith("--") ? [longFlag(word, withHelp)] : shortFlags(word.slice(1), withHelp);
    for (const flag of found) {
      const value = flag.value ?? (flag.wantsValue ? argv[++at] : undefined);
      if (flag.wantsValue && value === undefined)
        throw new CliError("USAGE", `flag needs an argument: ${flag.shown}`);
      const spelled = spell(flag.name, flag.shape, value);
      const before = flag.shape.multiple === true ? (flags.get(flag.name) ?? []) : [];
      flags.set(flag.name, [...before, ...spelled]);
    }
  }
  const wantsHelp = (flags.get("help") ?? []).length > 0;
  flags.delete("help");
  if (!wantsHelp) checkArity(words.length, shape.arity);
  return { words: [...[...flags.values()].flat(), "--", ...words], wantsHelp };
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
  if (name === "" || name.startsWith("-")) throw new CliError("USAGE", `bad flag syntax: ${word}`);
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

/** `-vfname`: flags without values in a row; the first that takes one has the rest of the word, or the next. */
function shortFlags(letters: string, shape: ArgumentShape): FoundFlag[] {
  const char = letters.charAt(0);
  const found = Object.entries(shape.flags).find(([, flag]) => flag.char === char);
  if (found === undefined) throw new CliError("USAGE", `unknown shorthand flag: '${char}' in -${letters}`);
  const [name, flag] = found;
  const rest = letters.slice(1);
  const given = rest.length > 1 && rest.startsWith("=") ? rest.slice(1) : undefined;
  const shown = `'${char}' in -${letters}`;
  if (flag.type === "boolean") {
    const here = { name, shape: flag, shown, value: given, wantsValue: false };
    return given === undefined && rest !== "" ? [here, ...shortFlags(rest, shape)] : [here];
  }
  const value = given ?? (rest === "" ? undefined : rest);
  return [{ name, shape: flag, shown, value, wantsValue: value === undefined }];
}

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falsehoods = new Set(["0", "f", "F", "FALSE", "false", "False"]);

function spell(name: string, shape: FlagShape, value: string | undefined): string[] {
  const refuse = (parser: string) => {
    const reason = `strconv.${parser}: parsing "${value}": invalid syntax`;
    const spelled = shape.char === undefined ? `--${name}` : `-${shape.char}, --${name}`;
    return new CliError("USAGE", `invalid argument "${value}" for "${spelled}" flag: ${reason}`);
  };
  if (shape.type === "option") {
    if (shape.helpValue !== "int") return [`--${name}=${value ?? ""}`];
    const whole = parseWholeNumber(value ?? "");
    if (whole === undefined) throw refuse("ParseInt");
    return [`--${name}=${whole}`];
  }
  if (value === undefined || truths.has(value)) return [`--${name}`];
  if (!falsehoods.has(value)) throw refuse("ParseBool");
  return shape.allowNo === true ? [`--no-${name}`] : [];
}

/** Decimal, or with a prefix as Go and C write other bases (`0x10`, `0b1`, `017`); underscores part digits. */
function parseWholeNumber(text: string): bigint | undefined {
  const match =
    /^([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/.exec(
      text,
    );
  // No number of 64 bits is longer.
  if (match === null || text.length > 100) return undefined;
  const [, sign, body = ""] = match;
  const digits = body.replaceAll("_", "");
  const size = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  return sign === "-" ? -size : size;
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
