import { PromptError, PromptTemplate } from "@puna/model-format";
import { badRequest } from "../errors.ts";

/** @throws ApiError `BAD_REQUEST` in Ollama's words for a template that does not parse */
export function checkTemplate(text: string): void {
  try {
    PromptTemplate.parse(text);
  } catch (error) {
    if (!PromptError.is(error)) throw error;
    throw badRequest(`template error: ${error.message}`, error);
  }
}
