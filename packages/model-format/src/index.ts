export {
  type CapabilityFacts,
  deriveCapabilities,
  jinjaOffersTools,
  jinjaThinks,
  type TemplateFacts,
} from "./capabilities.ts";
export {
  GgufError,
  type GgufErrorCode,
  GrammarError,
  type GrammarErrorCode,
  OutputError,
  type OutputErrorCode,
  PromptError,
  type PromptErrorCode,
} from "./errors.ts";
export {
  type ChatTemplate,
  type ChatTemplateOptions,
  chatTemplateOrFallback,
  compileChatTemplate,
} from "./jinja/chat-template.ts";
export { chatTemplateAbilities } from "./jinja/chat-template-abilities.ts";
export type { TemplateTraits } from "./jinja/template-traits.ts";
export { bareJsonCalls } from "./output/bare-json-calls.ts";
export type { CallShape, JsonCallShape, TaggedCallShape } from "./output/call-shape.ts";
export { FramedThinking, type FramedThinkingOptions } from "./output/framed-thinking.ts";
export { type HarmonyToolNames, harmonyToolNames, withHarmonyNames } from "./output/harmony/tool-names.ts";
export { inferThinkingTags, inferToolCallTag, type ThinkingTags } from "./output/infer-tags.ts";
export { leadingBlanksDropped } from "./output/leading-blanks.ts";
export { type LooseToolCallOptions, looseToolCalls, looseToolCallTokens } from "./output/loose-tool-calls.ts";
export type {
  OutputEvent,
  OutputParser,
  OutputParserFamily,
  OutputParserOptions,
} from "./output/output-parser.ts";
export { outputParserFamily, outputParserNames } from "./output/parser-registry.ts";
export { functionary } from "./output/parsers/functionary.ts";
export { taggedCallStarts, taggedCalls } from "./output/tagged-calls.ts";
export { ThinkingParser, type ThinkingParserOptions } from "./output/thinking.ts";
export { ToolTagParser } from "./output/tool-tags.ts";
export {
  choosePath,
  type GoTemplateSetting,
  type PathFacts,
  type PromptPath,
  type TemplateAbilities,
  type TemplateAbility,
} from "./prompt/choose-path.ts";
export { collate } from "./prompt/collate.ts";
export { type FitOptions, type FittedPrompt, fitToContext } from "./prompt/fit-to-context.ts";
export {
  type FillInTheMiddle,
  PromptTemplate,
  type PromptTemplateOptions,
} from "./prompt/prompt-template.ts";
export type { Conversation, Renderer } from "./prompt/renderer.ts";
export { rendererFor, rendererNames } from "./prompt/renderer-registry.ts";
export type { BuiltinRenderer, ModelFacts, RendererOptions } from "./prompt/renderers/builtin-renderer.ts";
