export { GrammarError, type GrammarErrorCode } from "../errors.ts";
export { choiceGrammar } from "./choice-grammar.ts";
export { jsonObjectGrammar, jsonValueGrammar } from "./json-object-grammar.ts";
export {
  type JsonSchemaGrammar,
  type JsonSchemaGrammarOptions,
  jsonSchemaToGbnf,
} from "./json-schema-to-gbnf.ts";
export { regexToGbnf } from "./regex-to-gbnf.ts";
export type { UnlistedProperties } from "./schema-grammar.ts";
export { type ToolCallGrammar, type ToolChoice, toolCallGrammar } from "./tool-call-grammar.ts";
export { type ToolCallShape, type ToolCallStyle, toolCallStyles } from "./tool-call-style.ts";
