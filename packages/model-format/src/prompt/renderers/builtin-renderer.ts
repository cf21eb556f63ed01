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
}
