import { isOptionName, type OptionType, optionTypes } from "./option-types.ts";
import type { Options } from "./options.ts";
import { ProtocolError } from "./protocol-error.ts";

export interface ParsedOptions {
  readonly options: Options;
  /** Names that are no options; ignored, as Ollama does. */
  readonly unknown: readonly string[];
}

/**
 * Checks the types of `options`: numbers for integers are cut, nulls skipped, unknown names set aside.
 * @throws ProtocolError `INVALID_OPTION` with Ollama's text, which its server answers with status 500
 * @source ollama api/types.go Options.FromMap
 */
export function parseOptions(input: Readonly<Record<string, unknown>>): ParsedOptions {
  const options: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(input)) {
    if (!isOptionName(name)) unknown.push(name);
    else if (value !== null && value !== undefined) options[name] = toType(name, optionTypes[name], value);
  }
  return { options, unknown };
}

function toType(name: string, type: OptionType, value: unknown): unknown {
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : wrongType(name, `type ${type}`);
    case "float32":
      return typeof value === "number" ? value : wrongType(name, `type ${type}`);
    case "boolean":
      return typeof value === "boolean" ? value : wrongType(name, `type ${type}`);
    case "array":
      if (!Array.isArray(value)) return wrongType(name, `type ${type}`);
      return value.every((item) => typeof item === "string") ? value : wrongType(name, "an array of strings");
    case "object":
      return isNumberMap(value) ? value : wrongType(name, "type object");
    default:
      return type satisfies never;
  }
}

function isNumberMap(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === "number")
  );
}

function wrongType(name: string, expected: string): never {
  throw new ProtocolError("INVALID_OPTION", `option "${name}" must be of ${expected}`, {
    details: { option: name },
  });
}

interface Range {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
}

/** Only what the engine refuses; Ollama bends or ignores every other odd value. */
const ranges: Partial<Readonly<Record<keyof Options, Range>>> = {
  repeat_last_n: { min: 0, max: 0x7fffffff },
  repeat_penalty: { above: 0 },
  mirostat: { min: 0, max: 2 },
  dry_multiplier: { min: 0 },
  dry_allowed_length: { min: 0 },
  xtc_probability: { min: 0, max: 1 },
  xtc_threshold: { min: 0, max: 1 },
};

/**
 * Refuses numbers that no sampler can work with.
 * @throws ProtocolError `OPTION_OUT_OF_RANGE`, which belongs in an answer with status 400
 */
export function checkOptionRanges(options: Options): void {
  for (const [name, value] of Object.entries(options)) {
    const range = isOptionName(name) ? ranges[name] : undefined;
    if (range === undefined || typeof value !== "number") continue;
    const {
      min = Number.NEGATIVE_INFINITY,
      above = Number.NEGATIVE_INFINITY,
      max = Number.POSITIVE_INFINITY,
    } = range;
    if (value >= min && value > above && value <= max) continue;
    throw new ProtocolError(
      "OPTION_OUT_OF_RANGE",
      `option "${name}" must be ${describe(range)}, not ${value}`,
      {
        details: { option: name },
      },
    );
  }
}

function describe({ min, above, max }: Range): string {
  if (above !== undefined) return `greater than ${above}`;
  return max === undefined ? `at least ${min}` : `between ${min} and ${max}`;
}
