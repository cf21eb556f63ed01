import { PromptError } from "../errors.ts";

/** Renders a template with these variables. */
export type Probe = (variables: Readonly<Record<string, unknown>>) => string;

/** @returns undefined where the template does not understand what it was given */
export function tryProbe(run: Probe, variables: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return run(variables);
  } catch (error) {
    if (PromptError.is(error)) return undefined;
    throw error;
  }
}

/** How many characters two texts begin with in common. */
export function samePrefix(a: string, b: string): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  return same;
}

/** How many characters two texts end with in common. */
export function sameSuffix(a: string, b: string): number {
  let same = 0;
  while (same < a.length && same < b.length && a.at(-1 - same) === b.at(-1 - same)) same += 1;
  return same;
}
