import { badRequest } from "../errors.ts";

export interface FitPromptOptions {
  readonly contextTokens: number;
  /** Leading tokens that survive; -1 = as many as fit. */
  readonly keepTokens: number;
  /** Whether the model's tokenizer puts a BOS first: it is kept besides. */
  readonly addsBos: boolean;
  /** Whether the middle of a too long prompt may be cut out. */
  readonly shift: boolean;
}

/**
 * Cuts the middle out of a prompt that leaves no room to answer: the first `keepTokens` stay, and the newest tokens
 * that fill about half of what is left.
 * @returns undefined when the prompt fits as it is
 * @throws ApiError `BAD_REQUEST` when it does not fit and must not be cut
 * @source ollama llm/server.go, llama.cpp's context shift
 */
export function fitPrompt(
  tokens: readonly number[],
  options: FitPromptOptions,
): readonly number[] | undefined {
  const { contextTokens, keepTokens, addsBos, shift } = options;
  if (tokens.length < contextTokens) return undefined;
  if (!shift) {
    throw badRequest(
      "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the context length in settings, or use a model with a longer context length",
    );
  }
  const wished = keepTokens < 0 ? contextTokens : keepTokens + (addsBos ? 1 : 0);
  const keep = Math.min(wished, contextTokens - 1);
  const total = contextTokens - Math.max(Math.trunc((contextTokens - keep) / 2), 1);
  return [...tokens.slice(0, keep), ...tokens.slice(tokens.length - (total - keep))];
}
