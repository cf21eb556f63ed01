import { PromptError } from "../errors.ts";

/** `line:column` as Go's templates count them: lines from 1, columns as bytes from the line's start. */
export function locate(source: string, position: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, position);
  const lineStart = before.lastIndexOf("\n") + 1;
  return {
    line: lineOf(source, position),
    column: new TextEncoder().encode(before.slice(lineStart)).length,
  };
}

/** Line of a position, from 1. */
export function lineOf(source: string, position: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at >= 0 && at < position; at = source.indexOf("\n", at + 1)) line++;
  return line;
}

export function parseFailure(line: number, message: string): PromptError {
  return new PromptError("TEMPLATE_INVALID", `template: :${line}: ${message}`, { details: { line } });
}

export function limitReached(what: string): PromptError {
  return new PromptError("TEMPLATE_LIMIT", `the template was stopped: ${what}`);
}

/** A failure inside a function or a comparison; the evaluator adds where it happened. */
export class FunctionFailure extends Error {}
