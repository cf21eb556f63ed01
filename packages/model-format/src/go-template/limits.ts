/** Guards against hostile templates: a model file comes from anywhere, and its template runs on every request. */
export interface TemplateLimits {
  /** UTF-16 units of the template's text. */
  readonly maxSourceLength: number;
  /** Nesting of blocks and parentheses, of template calls, and of values that are printed. */
  readonly maxDepth: number;
  /** Nodes evaluated in one rendering. */
  readonly maxSteps: number;
  /** UTF-16 units of one rendering. */
  readonly maxOutputLength: number;
}

export const defaultTemplateLimits: TemplateLimits = {
  maxSourceLength: 1 << 20,
  maxDepth: 200,
  maxSteps: 20_000_000,
  maxOutputLength: 64 << 20,
};
