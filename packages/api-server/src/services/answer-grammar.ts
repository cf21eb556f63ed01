import { jsonObjectGrammar, jsonSchemaToGbnf } from "@puna/model-format/grammar";
import type { Format, Tool } from "@puna/protocol";

/** Reading and applying a grammar blocks the runner, and with it everybody's answers. */
const maxChars = 256 * 1024;

/** What a constraint is made with. */
export interface GrammarOptions {
  /** Refuse schemas that cannot be enforced whole, instead of warning. */
  readonly strict: boolean;
  warn(warning: string): void;
}

/** @returns GBNF for the whole answer. @throws GrammarError for a schema that means nothing, or nothing that can be said */
export function formatGrammar(format: Format, { strict, warn }: GrammarOptions): string {
  if (format === "json") return jsonObjectGrammar();
  // An empty schema asks for an object, as in Ollama.
  const schema = Object.keys(format).length === 0 ? { type: "object" } : format;
  const { grammar, notes } = jsonSchemaToGbnf(schema, {
    unsupported: strict ? "refuse" : "note",
    maxChars,
  });
  for (const note of notes) warn(`format: ${note}`);
  return grammar;
}

/**
 * GBNF for exactly one call of one of the tools, as JSON: `{"name": …, "arguments": {…}}`.
 * @throws GrammarError
 */
export function forcedCallGrammar(tools: readonly Tool[], { warn }: Pick<GrammarOptions, "warn">): string {
  const calls = tools.map(({ function: { name, parameters } }, index) => ({
    type: "object",
    // Each tool's schema is a document of its own, or references would count from the root of them all.
    properties: {
      name: { const: name },
      arguments: { $id: `tool-${index}`, ...parameters, type: "object" },
    },
    required: ["name", "arguments"],
    additionalProperties: false,
  }));
  const { grammar, notes } = jsonSchemaToGbnf({ anyOf: calls }, { unsupported: "note", maxChars });
  for (const note of notes) warn(`tools: ${note}`);
  return grammar;
}
