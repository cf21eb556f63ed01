/** JSON-Schema subset that tools use; unknown keywords are dropped on input, as Ollama does. */
export interface ToolProperty {
  readonly anyOf?: readonly ToolProperty[];
  readonly type?: string | readonly string[];
  readonly items?: unknown;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, ToolProperty>>;
  readonly required?: readonly string[];
}

export interface ToolParameters {
  readonly type: string;
  readonly $defs?: unknown;
  readonly items?: unknown;
  readonly required?: readonly string[];
  /** Order of properties is kept (JavaScript puts integer-like names first). Null where a request leaves them out. */
  readonly properties: Readonly<Record<string, ToolProperty>> | null;
}

export interface Tool {
  readonly type: string;
  readonly items?: unknown;
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters: ToolParameters;
  };
}
