import type { Random } from "./mutate.ts";

/** Something that reads what others wrote. */
export interface Target {
  /** An input, the same one for the same numbers. */
  readonly input: (random: Random) => string | Uint8Array;
  /** Reads it. Only errors of the packages themselves may come out, and within a second. */
  readonly run: (input: string | Uint8Array, random: Random) => unknown;
}

export function textTarget(
  input: (random: Random) => string,
  run: (text: string, random: Random) => unknown,
): Target {
  return { input, run: (given, random) => run(String(given), random) };
}

export function bytesTarget(
  input: (random: Random) => Uint8Array,
  run: (bytes: Uint8Array, random: Random) => unknown,
): Target {
  return {
    input,
    run: (given, random) => run(typeof given === "string" ? new TextEncoder().encode(given) : given, random),
  };
}
