/** What a GGUF's architecture implies when nothing else is said. */
export interface BuiltInDefaults {
  readonly renderer?: string;
  readonly parser?: string;
  readonly stop?: readonly string[];
}

/** @source ollama server/create.go */
export function builtInDefaults(architecture: string): BuiltInDefaults {
  if (architecture === "gemma4") return { renderer: "gemma4", parser: "gemma4", stop: ["<turn|>"] };
  if (architecture === "laguna") return { renderer: "laguna", parser: "laguna" };
  if (architecture.startsWith("nemotron_h"))
    return { renderer: "nemotron-3-nano", parser: "nemotron-3-nano" };
  return {};
}
