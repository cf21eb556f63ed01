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
