import { CodedError, errorBrand } from "@puna/protocol/errors";

const promptBrand = errorBrand("PromptError");
const outputBrand = errorBrand("OutputError");
const ggufBrand = errorBrand("GgufError");
const grammarBrand = errorBrand("GrammarError");

export type PromptErrorCode =
  | "TEMPLATE_INVALID"
  | "TEMPLATE_FAILED"
  | "TEMPLATE_LIMIT"
  | "RENDER_FAILED"
  | "RENDERER_UNKNOWN";

/** A conversation that could not be turned into a prompt. */
export class PromptError extends CodedError<PromptErrorCode> {
  static {
    promptBrand.mark(PromptError);
  }
  static is(value: unknown): value is PromptError {
    return promptBrand.has(value);
  }
}

export type OutputErrorCode = "INVALID_OUTPUT";

/** Generated text that breaks the format of its own family. */
export class OutputError extends CodedError<OutputErrorCode> {
  static {
    outputBrand.mark(OutputError);
  }
  static is(value: unknown): value is OutputError {
    return outputBrand.has(value);
  }
}

export type GgufErrorCode = "GGUF_INVALID" | "GGUF_LIMIT" | "GGUF_UNSUPPORTED";

/** A file that is not a GGUF we accept. `details` has `offset` (bytes) and `rule`. */
export class GgufError extends CodedError<GgufErrorCode> {
  static {
    ggufBrand.mark(GgufError);
  }
  static is(value: unknown): value is GgufError {
    return ggufBrand.has(value);
  }
}

export type GrammarErrorCode =
  | "SCHEMA_INVALID"
  | "SCHEMA_UNSUPPORTED"
  | "SCHEMA_UNSATISFIABLE"
  | "PATTERN_INVALID"
  | "PATTERN_UNSUPPORTED"
  | "GRAMMAR_INVALID"
  | "GRAMMAR_LIMIT";

/** A constraint that cannot be made into a grammar. `details` has `pointer` (into the schema) and `keyword` where they apply. */
export class GrammarError extends CodedError<GrammarErrorCode> {
  static {
    grammarBrand.mark(GrammarError);
  }
  static is(value: unknown): value is GrammarError {
    return grammarBrand.has(value);
  }
}
