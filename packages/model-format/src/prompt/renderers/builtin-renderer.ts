import type { Renderer } from "../renderer.ts";

/** A family's own prompt format, written in code instead of a template. */
export interface BuiltinRenderer extends Renderer {
  /**
   * The begin-of-sequence text at the very start of what `render` returns, or "" if there is none.
   * Drop it when the tokenizer adds that token itself.
   */
  readonly leadingBos: string;
}

/** What a family may need to know besides the conversation. */
export interface RendererOptions {
  /** Clock for the families that write today's date into the system turn. Default: the system's. */
  readonly now?: () => Date;
  /** The model, for the families whose members were trained with different templates under one name. */
  readonly model?: ModelFacts;
}

export interface ModelFacts {
  /** Names that it goes by, the one to believe first in front. */
  readonly names?: readonly string[];
  /** Its parameter count as people write it, such as `26.8B`. */
  readonly parameterSize?: string;
}
