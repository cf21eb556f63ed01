import type { CompletionRequest } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { DecodeContext } from "./decode-context.ts";

/** @throws EngineError `INVALID_REQUEST`, `PROMPT_TOO_LONG` with both counts */
export function readPrompt(context: DecodeContext, request: CompletionRequest): readonly number[] {
  const prompt =
    typeof request.prompt === "string"
      ? context.tokenize(request.prompt, true)
      : request.prompt.map((token) => context.check(token));
  if (prompt.length === 0) throw new EngineError("INVALID_REQUEST", "the prompt is empty");
  const { contextTokens } = context;
  if (prompt.length >= contextTokens) {
    throw new EngineError(
      "PROMPT_TOO_LONG",
      `the prompt has ${prompt.length} tokens and the context ${contextTokens}; shorten it or ask for a longer context`,
      { details: { promptTokens: prompt.length, contextTokens } },
    );
  }
  return prompt;
}
