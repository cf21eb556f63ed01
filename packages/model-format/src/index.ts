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
  OutputError,
  type OutputErrorCode,
  PromptError,
  type PromptErrorCode,
} from "./errors.ts";
export { inferThinkingTags, inferToolCallTag, type ThinkingTags } from "./output/infer-tags.ts";
export { collate } from "./prompt/collate.ts";
export { type FillInTheMiddle, PromptTemplate, type PromptTemplateOptions } from "./prompt/prompt-template.ts";
