/** Guards against hostile templates: a model file comes from anywhere, and its template runs on every request. */
export interface TemplateLimits {
  /** UTF-16 units of the template's text. */
  readonly maxSourceLength: number;
  /** Nesting of blocks and parentheses, and of template calls. */
  readonly maxDepth: number;
  /** Nodes evaluated in one rendering; long strings count as several. */
  readonly maxSteps: number;
  /** UTF-16 units of one rendering, and of any string on the way. */
  readonly maxOutputLength: number;
}

export const defaultTemplateLimits: TemplateLimits = {
  maxSourceLength: 1 << 20,
  maxDepth: 200,
  maxSteps: 5_000_000,
  maxOutputLength: 8 << 20,
};
