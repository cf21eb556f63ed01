import type { Format, Tool } from "@puna/protocol";
import { ApiError } from "../errors.ts";

/** What a constraint is made with. */
export interface GrammarOptions {
  /** Refuse schemas that cannot be enforced whole, instead of warning. */
  readonly strict: boolean;
  warn(warning: string): void;
}

/** @returns GBNF for the whole answer */
export function formatGrammar(_format: Format, _options: GrammarOptions): string {
  throw new ApiError("NOT_IMPLEMENTED", "answers cannot be constrained yet");
}

/** @returns GBNF for exactly one call of one of the tools */
export function forcedCallGrammar(_tools: readonly Tool[], _options: Pick<GrammarOptions, "warn">): string {
  throw new ApiError("NOT_IMPLEMENTED", "answers cannot be constrained yet");
}
