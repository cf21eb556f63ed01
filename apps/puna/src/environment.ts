/** What `process.env` is; tests pass their own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value without surrounding blanks and quotes; undefined when empty. */
export function text(env: Environment, name: string): string | undefined {
  const value = env[name]
    ?.trim()
    .replace(/^["']+|["']+$/g, "")
    .trim();
  return value === "" ? undefined : value;
}

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falsehoods = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** Go's ParseBool; a text that is neither counts as true. */
export function flag(env: Environment, name: string): boolean | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  if (truths.has(value)) return true;
  return !falsehoods.has(value);
}

/** A whole number of at least zero; anything else is the default. */
export function count(env: Environment, name: string, fallback: number): number {
  const value = text(env, name);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : fallback;
}

/** Bytes, with an optional unit: `500000`, `20M`, `1.5 GB`, `8 GiB`. Anything else is the default. */
export function byteCount(env: Environment, name: string, fallback: number): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?$/i.exec(text(env, name) ?? "");
  if (match === null) return fallback;
  const [, number = "", unit = "", binary = ""] = match;
  const step = binary === "" ? 1000 : 1024;
  return Math.round(Number(number) * step ** ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase()));
}

/** A Go duration or whole seconds, in milliseconds; negative = forever, written as -1. */
export function durationMs(
  env: Environment,
  name: string,
  fallbackMs: number,
  parse: (text: string) => number,
): number {
  const value = text(env, name);
  if (value === undefined) return fallbackMs;
  try {
    const ms = /^-?\d+$/.test(value) ? Number(value) * 1000 : parse(value);
    return ms < 0 ? -1 : ms;
  } catch {
    return fallbackMs;
  }
}
