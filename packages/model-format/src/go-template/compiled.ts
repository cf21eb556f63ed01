import type { TemplateFunctions } from "./functions.ts";
import type { RunState, Value } from "./run-state.ts";

/** How a list or node ended: 0 as usual, else the loop around it is left or goes on. */
export type Flow = 0 | 1 | 2;

/** A part of a template, ready to run. */
export type Run = (state: RunState, dot: Value) => Flow;

/** What the parts of a template refer to by name. */
export interface Scope {
  readonly functions: TemplateFunctions;
  /** Filled after compiling, so that templates may call each other. */
  readonly trees: ReadonlyMap<string, Run>;
  /** A missing key of a map is nil rather than nothing; it shows in fields of it. */
  readonly missingKeyIsNil: boolean;
}

/** A value of a template, ready to be computed. */
export type Evaluate = (state: RunState, dot: Value) => Value;
