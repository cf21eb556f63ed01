import {
  type Conversation,
  chatTemplateAbilities,
  chatTemplateOrFallback,
  choosePath,
  deriveCapabilities,
  type GoTemplateSetting,
  type OutputParserFamily,
  outputParserFamily,
  PromptTemplate,
  rendererFor,
  rendererNames,
  type TemplateAbility,
  type TemplateFacts,
} from "@puna/model-format";
import type { Gguf } from "@puna/model-format/gguf";
import type { Capability } from "@puna/protocol";
import { familyPrompt } from "./family-prompt.ts";
import type { ModelPrompt } from "./model-prompt.ts";
import { nativePrompt } from "./native-prompt.ts";
import type { SequenceTokens } from "./sequence-tokens.ts";
import type { StoredModel } from "./stored-model.ts";
import { templatePrompt } from "./template-prompt.ts";

export interface PromptSettings {
  readonly goTemplates: GoTemplateSetting;
}

export interface ChosenPrompt {
  readonly capabilities: readonly Capability[];
  readonly prompt: ModelPrompt;
  /** What `show` calls the template. */
  readonly shownTemplate: string;
}

/** What a model without any template gets: its text as it is. */
const bareTemplate = "{{ .Prompt }}";

/**
 * Decides how a model is spoken to, and what it can do that way.
 * @param tokens  what the file's own chat template may write around turns
 * @throws PromptError `TEMPLATE_INVALID`; an unknown renderer fails when it is used
 */
export function choosePrompt(
  model: StoredModel,
  gguf: Gguf | undefined,
  settings: PromptSettings,
  tokens?: SequenceTokens,
): ChosenPrompt {
  const { config } = model;
  const ownTemplate = model.template === undefined ? undefined : PromptTemplate.parse(model.template);
  const template = ownTemplate ?? PromptTemplate.parse(bareTemplate);
  const chatTemplate = gguf?.metadata.string("tokenizer.chat_template");
  const path = choosePath({
    format: config.model_format,
    family: config.model_family,
    ...(config.renderer !== undefined && { renderer: config.renderer }),
    ...(config.parser !== undefined && { parser: config.parser }),
    ...(ownTemplate !== undefined && { goTemplate: toAbilities(ownTemplate) }),
    ...(chatTemplate !== undefined && { chatTemplate: chatTemplateAbilities(chatTemplate) }),
    goTemplates: settings.goTemplates,
  });
  const isNative = path.type === "native" && chatTemplate !== undefined;
  const family =
    path.type !== "native" && path.parser !== undefined ? outputParserFamily(path.parser) : undefined;
  const facts: TemplateFacts = isNative
    ? { kind: "jinja", text: chatTemplate }
    : {
        kind: "go",
        variables: template.variables,
        hasThinkingTags: template.capabilities.includes("thinking"),
      };
  return {
    capabilities: capabilitiesOf(model, gguf, facts, family),
    shownTemplate: isNative ? chatTemplate : template.source,
    prompt:
      path.type === "native"
        ? nativePrompt(chatTemplateOrFallback(chatTemplate, tokens).template, {
            text: chatTemplate ?? "",
            bare: template,
            // The tokenizer writes it again.
            addedBos: tokens?.addsBos === true ? tokens.bosToken : "",
          })
        : toRendered(path, template, family),
  };
}

function toRendered(
  path: ReturnType<typeof choosePath>,
  template: PromptTemplate,
  family: OutputParserFamily | undefined,
): ModelPrompt {
  if (path.type !== "renderer" && family === undefined) return templatePrompt(template);
  const parser = path.type === "native" ? undefined : path.parser;
  const isHarmony = parser === "harmony";
  if (path.type !== "renderer")
    return familyPrompt({ template, family, render: undefined, leadingBos: "", isHarmony });
  // An unknown renderer is an error of the request that needs it, not of the model's listing.
  const leadingBos = rendererNames.includes(path.renderer) ? rendererFor(path.renderer).leadingBos : "";
  const render = (conversation: Conversation) => rendererFor(path.renderer).render(conversation);
  return familyPrompt({ template, family, render, leadingBos, isHarmony });
}

function capabilitiesOf(
  model: StoredModel,
  gguf: Gguf | undefined,
  template: TemplateFacts,
  parser: OutputParserFamily | undefined,
): readonly Capability[] {
  const { config } = model;
  if (gguf === undefined) return config.capabilities ?? [];
  return deriveCapabilities({
    metadata: gguf.metadata,
    template,
    ...(parser !== undefined && { parser }),
    ...(config.capabilities !== undefined && { declared: config.capabilities }),
    family: config.model_family,
  });
}

function toAbilities(template: PromptTemplate) {
  const abilities = template.capabilities.filter(
    (name): name is TemplateAbility => name === "tools" || name === "thinking" || name === "insert",
  );
  return { abilities, roundTripsTools: template.showsToolRoundTrip, text: template.source };
}
